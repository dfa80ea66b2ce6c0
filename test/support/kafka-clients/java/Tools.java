/**
 * Runs Kafka's own command-line tools one after another in one process, because to start one takes most of its time. Each line
 * on standard input is a call: the class of the tool, its arguments, and what it reads from its standard input, all in base64 and
 * with spaces between; the answer is a line of JSON: `exit`, `out`, `err`.
 */
import java.io.*;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.common.utils.Exit;

public class Tools {
    /** What a tool ends itself with. */
    static class Ended extends Error {
        final int code;

        Ended(int code) {
            super(null, null, false, false);
            this.code = code;
        }
    }

    /** Goes where the call that runs wants it: tools in Scala keep the stream that they have met first. */
    static class Switch extends OutputStream {
        volatile ByteArrayOutputStream to = new ByteArrayOutputStream();

        @Override
        public void write(int each) {
            to.write(each);
        }

        @Override
        public void write(byte[] bytes, int from, int count) {
            to.write(bytes, from, count);
        }
    }

    static final Switch outs = new Switch();
    static final Switch errs = new Switch();

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        System.setOut(new PrintStream(outs, true));
        System.setErr(new PrintStream(errs, true));
        BufferedReader calls = new BufferedReader(new InputStreamReader(System.in));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            List<String> call = Arrays.stream(line.split("\t")).skip(1).map(each -> new String(Base64.getDecoder().decode(each), StandardCharsets.UTF_8)).toList();
            answers.println(run(call.get(0), call.get(1), call.subList(2, call.size())));
        }
    }

    static String run(String tool, String input, List<String> arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        outs.to = out;
        errs.to = err;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        List<Runnable> hooks = new ArrayList<>();
        int[] exit = {-1};
        Exit.Procedure ends = (code, message) -> {
            if (exit[0] < 0) exit[0] = code;
            if (message != null) System.err.println(message);
            throw new Ended(code);
        };
        Exit.setExitProcedure(ends);
        Exit.setHaltProcedure(ends);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        try {
            call(tool, arguments);
        } catch (Ended ended) {
            // The first code counts: some tools catch what ends them.
        } catch (Throwable error) {
            error.printStackTrace();
            if (exit[0] < 0) exit[0] = 1;
        }
        for (Runnable hook : hooks) {
            try {
                hook.run();
            } catch (Throwable error) {
                error.printStackTrace();
            }
        }
        return "{\"exit\":" + Math.max(exit[0], 0) + ",\"out\":" + json(out) + ",\"err\":" + json(err) + "}";
    }

    static void call(String tool, List<String> arguments) throws Throwable {
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) arguments.toArray(new String[0]));
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }

    static String json(ByteArrayOutputStream bytes) {
        StringBuilder out = new StringBuilder("\"");
        for (char each : bytes.toString(StandardCharsets.UTF_8).toCharArray()) {
            if (each < 32 || each == '"' || each == '\\') out.append(String.format("\\u%04x", (int) each));
            else out.append(each);
        }
        return out.append('"').toString();
    }
}
