/**
 * Kafka Streams: counts the records of a topic by key, exactly once, and writes every count. `Streams BOOTSTRAP INPUT OUTPUT DIRECTORY`;
 * runs until it is killed. Says `running` each time it is.
 */
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.Stores;

public class Streams {
    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("application.id", "counts");
        settings.put("bootstrap.servers", args[0]);
        settings.put("state.dir", args[3]);
        settings.put("processing.guarantee", "exactly_once_v2");
        settings.put("commit.interval.ms", "100");
        // Every count is written, not only the last of each commit.
        settings.put("statestore.cache.max.bytes", "0");
        settings.put("num.stream.threads", "2");
        settings.put("consumer.auto.offset.reset", "earliest");
        settings.put("session.timeout.ms", "3000");
        settings.put("heartbeat.interval.ms", "500");
        settings.put("transaction.timeout.ms", "3000");
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(args[1], Consumed.with(Serdes.String(), Serdes.String()))
            .groupByKey()
            .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts")).withKeySerde(Serdes.String()).withValueSerde(Serdes.Long()))
            .toStream()
            .to(args[2], Produced.with(Serdes.String(), Serdes.Long()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setUncaughtExceptionHandler(error -> {
            System.err.println(error);
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
        });
        streams.setStateListener((next, before) -> {
            if (next == KafkaStreams.State.RUNNING) System.out.println("running");
        });
        streams.start();
    }
}
