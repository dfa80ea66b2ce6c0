/**
 * Cases of the client matrix for Kafka's Java client. Usage: Cases ADDRESS SASL_ADDRESS SECURE_ADDRESS CA_FILE; then the name of
 * a case a line on standard input, each answered by a line of JSON.
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.BooleanSupplier;
import java.util.stream.*;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.resource.*;
import org.apache.kafka.common.serialization.*;

public class Cases {
    static String address, saslAddress, secureAddress, caFile;
    static Admin admin;
    static BufferedReader in = new BufferedReader(new InputStreamReader(System.in));

    public static void main(String[] args) throws Exception {
        address = args[0];
        saslAddress = args[1];
        secureAddress = args[2];
        caFile = args[3];
        admin = Admin.create(Map.of("bootstrap.servers", address, "retry.backoff.ms", 20));
        Map<String, Callable<Object>> cases = new HashMap<>();
        cases.put("codecs", Cases::codecs);
        cases.put("records", Cases::records);
        cases.put("null-header", Cases::nullHeader);
        cases.put("large", Cases::large);
        cases.put("too-large", Cases::tooLarge);
        cases.put("groups", Cases::groups);
        cases.put("cooperative", Cases::cooperative);
        cases.put("static-members", Cases::staticMembers);
        cases.put("static-fencing", Cases::staticFencing);
        cases.put("idempotence", Cases::idempotence);
        cases.put("transactions", Cases::transactions);
        cases.put("transaction-offsets", Cases::transactionOffsets);
        cases.put("fencing", Cases::fencing);
        cases.put("admin-topics", Cases::adminTopics);
        cases.put("admin-configs", Cases::adminConfigs);
        cases.put("admin-groups", Cases::adminGroups);
        cases.put("admin-offsets", Cases::adminOffsets);
        cases.put("group-offsets", Cases::groupOffsets);
        cases.put("max-timestamp", Cases::maxTimestamp);
        cases.put("delete-records", Cases::deleteRecords);
        cases.put("acls", Cases::acls);
        cases.put("scram-users", Cases::scramUsers);
        cases.put("sasl", Cases::sasl);
        cases.put("tls", Cases::tls);
        cases.put("restart", Cases::restart);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Object answer;
            try {
                answer = cases.get(line).call();
            } catch (Throwable error) {
                StringWriter trace = new StringWriter();
                error.printStackTrace(new PrintWriter(trace));
                answer = Map.of("error", trace.toString());
            }
            System.out.println(json(answer));
        }
    }

    static Object codecs() throws Exception {
        Map<String, Object> found = new HashMap<>();
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            String topic = create("codec-" + codec, 1);
            List<String> values = IntStream.range(0, 200).mapToObj(each -> codec + "-" + each + "-" + "x".repeat(100)).toList();
            try (Producer<String, String> producer = producer(Map.of("compression.type", codec))) {
                send(producer, topic, values);
            }
            found.put(codec, values(read(topic, 1, "read_committed")).equals(values) ? 200 : 0);
        }
        return found;
    }

    static Object records() throws Exception {
        String topic = create("records", 1);
        try (Producer<String, String> producer = producer(Map.of())) {
            ProducerRecord<String, String> first = new ProducerRecord<>(topic, "a", "plain");
            first.headers().add("h", "x".getBytes()).add("empty", new byte[0]);
            producer.send(first).get();
            producer.send(new ProducerRecord<>(topic, null, "without key")).get();
            producer.send(new ProducerRecord<>(topic, "c", null)).get();
            producer.send(new ProducerRecord<>(topic, "", "")).get();
        }
        List<Object> rows = new ArrayList<>();
        for (ConsumerRecord<String, String> each : read(topic, 1, "read_committed")) {
            Map<String, Object> row = new HashMap<>();
            row.put("key", each.key());
            row.put("value", each.value());
            row.put("headers", headers(each));
            rows.add(row);
        }
        return Map.of("records", rows);
    }

    static List<Object> headers(ConsumerRecord<String, String> row) {
        List<Object> headers = new ArrayList<>();
        row.headers().forEach(header -> headers.add(
            Arrays.asList(header.key(), header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8))));
        return headers;
    }

    static Object nullHeader() throws Exception {
        String topic = create("null-header", 1);
        try (Producer<String, String> producer = producer(Map.of())) {
            ProducerRecord<String, String> record = new ProducerRecord<>(topic, "x");
            record.headers().add("null", null);
            producer.send(record).get();
        }
        return Map.of("headers", headers(read(topic, 1, "read_committed").get(0)));
    }

    static Object large() throws Exception {
        String topic = create("large", 1);
        String value = "0123456789abcdef".repeat(62496);
        try (Producer<String, String> producer = producer(Map.of("max.request.size", 2_000_000))) {
            send(producer, topic, List.of(value));
        }
        String got = read(topic, 1, "read_committed").get(0).value();
        return Map.of("bytes", got.length(), "same", got.equals(value));
    }

    static Object tooLarge() throws Exception {
        String topic = create("too-large", 1);
        try (Producer<String, String> producer = producer(Map.of("max.request.size", 2_000_000))) {
            int code = code(() -> send(producer, topic, List.of("z".repeat(1_200_000))));
            send(producer, topic, List.of("small"));
            return Map.of("code", code, "after", values(read(topic, 1, "read_committed")));
        }
    }

    /** A consumer of a group, polled by the thread of the case. Sessions outlast every case: nobody is to leave by being slow. */
    static class Member implements ConsumerRebalanceListener {
        final Consumer<String, String> consumer;
        final List<String> values = new ArrayList<>();
        int rebalances = 0;
        int revoked = 0;
        int fatal = 0;

        Member(String group, String topic, Map<String, Object> config) {
            Map<String, Object> all = new HashMap<>(Map.of(
                "bootstrap.servers", address, "group.id", group, "auto.offset.reset", "earliest", "heartbeat.interval.ms", 100,
                "session.timeout.ms", 60_000, "enable.auto.commit", false, "fetch.max.wait.ms", 20));
            all.putAll(config);
            consumer = new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
            consumer.subscribe(List.of(topic), this);
        }

        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            rebalances++;
        }

        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            revoked += partitions.size();
        }

        int assigned() {
            return consumer.assignment().size();
        }

        void poll() {
            try {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(20));
                records.forEach(each -> values.add(each.value()));
                if (!records.isEmpty()) consumer.commitAsync();
            } catch (FencedInstanceIdException error) {
                fatal = Errors.forException(error).code();
            }
        }
    }

    static void until(List<Member> members, BooleanSupplier ready, String what) {
        long limit = System.currentTimeMillis() + 25_000;
        while (!ready.getAsBoolean()) {
            if (System.currentTimeMillis() > limit) {
                throw new IllegalStateException(what + members.stream()
                    .map(each -> " " + each.consumer.assignment() + " " + each.values.size() + " " + each.fatal).toList());
            }
            for (Member each : members) if (each.fatal == 0) each.poll();
        }
    }

    static void fill(String topic, String name) throws Exception {
        try (Producer<String, String> producer = producer(Map.of())) {
            for (int number = 0; number < 40; number++) producer.send(new ProducerRecord<>(topic, number % 4, null, name + number));
        }
    }

    static Map<String, Object> pair(String topic, Map<String, Object> config) throws Exception {
        create(topic, 4);
        fill(topic, "a");
        Member first = new Member(topic, topic, config);
        until(List.of(first), () -> first.values.size() == 40, "alone");
        int alone = first.assigned();
        int revoked = first.revoked;
        Member second = new Member(topic, topic, config);
        until(List.of(first, second), () -> first.assigned() == 2 && second.assigned() == 2, "both");
        revoked = first.revoked - revoked;
        fill(topic, "b");
        until(List.of(first, second), () -> first.values.size() + second.values.size() >= 80, "both read");
        second.consumer.close();
        until(List.of(first), () -> first.assigned() == 4, "after");
        fill(topic, "c");
        Set<String> all = new HashSet<>();
        until(List.of(first), () -> {
            all.addAll(first.values);
            all.addAll(second.values);
            return all.size() == 120;
        }, "after read");
        first.consumer.close();
        return Map.of("alone", alone, "both", 2, "revoked", revoked, "after", 4, "distinct", all.size());
    }

    static Object groups() throws Exception {
        return pair("groups", Map.of("partition.assignment.strategy", RangeAssignor.class.getName()));
    }

    static Object cooperative() throws Exception {
        return pair("cooperative", Map.of("partition.assignment.strategy", CooperativeStickyAssignor.class.getName()));
    }

    static Object staticMembers() throws Exception {
        String topic = create("static", 4);
        Member first = new Member("static", topic, Map.of("group.instance.id", "one"));
        Member second = new Member("static", topic, Map.of("group.instance.id", "two"));
        until(List.of(first, second), () -> first.assigned() == 2 && second.assigned() == 2, "both");
        Set<TopicPartition> before = Set.copyOf(second.consumer.assignment());
        int rebalances = first.rebalances;
        second.consumer.close();
        Member again = new Member("static", topic, Map.of("group.instance.id", "two"));
        until(List.of(first, again), () -> again.assigned() == 2, "again");
        boolean same = again.consumer.assignment().equals(before) && first.rebalances == rebalances;
        for (Member each : List.of(first, again)) each.consumer.close();
        return Map.of("same", same);
    }

    static Object staticFencing() throws Exception {
        String topic = create("static-fencing", 1);
        Member first = new Member("static-fencing", topic, Map.of("group.instance.id", "one"));
        until(List.of(first), () -> first.assigned() == 1, "joined");
        Member usurper = new Member("static-fencing", topic, Map.of("group.instance.id", "one"));
        until(List.of(first, usurper), () -> first.fatal != 0 && usurper.assigned() == 1, "fenced");
        for (Member each : List.of(first, usurper)) each.consumer.close();
        return Map.of("code", first.fatal);
    }

    static Object idempotence() throws Exception {
        String topic = create("idempotent", 1);
        List<String> values = IntStream.range(0, 1000).mapToObj(Integer::toString).toList();
        try (Producer<String, String> producer = producer(Map.of("enable.idempotence", true, "batch.size", 100))) {
            send(producer, topic, values);
        }
        return Map.of("ordered", values(read(topic, 1, "read_committed")).equals(values));
    }

    static Producer<String, String> transactional(String id) {
        Producer<String, String> producer = producer(Map.of("transactional.id", id, "transaction.timeout.ms", 20_000));
        producer.initTransactions();
        return producer;
    }

    static Object transactions() throws Exception {
        String topic = create("transactions", 2);
        try (Producer<String, String> producer = transactional("rounds")) {
            for (int round = 0; round < 6; round++) {
                producer.beginTransaction();
                for (int each = 0; each < 10; each++) {
                    String value = (round % 2 == 0 ? "committed-" : "aborted-") + round + "-" + each;
                    producer.send(new ProducerRecord<>(topic, each % 2, null, value));
                }
                producer.flush();
                if (round % 2 == 0) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
        List<String> committed = values(read(topic, 2, "read_committed"));
        return Map.of("committed", committed.size(), "aborted", committed.stream().filter(each -> each.startsWith("aborted")).count(),
            "all", read(topic, 2, "read_uncommitted").size());
    }

    static Object transactionOffsets() throws Exception {
        String topic = create("consumed", 1);
        TopicPartition partition = new TopicPartition(topic, 0);
        fillOne(topic, 10);
        Member member = new Member("in-transaction", topic, Map.of());
        until(List.of(member), () -> member.values.size() == 10, "assigned");
        List<Object> seen = new ArrayList<>();
        try (Producer<String, String> producer = transactional("offsets")) {
            for (long offset : new long[] {3, 7}) {
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(offset)), member.consumer.groupMetadata());
                if (offset == 3) producer.commitTransaction();
                else producer.abortTransaction();
                seen.add(member.consumer.committed(Set.of(partition)).get(partition).offset());
            }
        }
        member.consumer.close();
        return Map.of("offsets", seen);
    }

    static Object fencing() throws Exception {
        String topic = create("fenced", 1);
        Producer<String, String> zombie = transactional("fenced");
        zombie.beginTransaction();
        zombie.send(new ProducerRecord<>(topic, "zombie")).get();
        Producer<String, String> successor = transactional("fenced");
        successor.beginTransaction();
        successor.send(new ProducerRecord<>(topic, "successor")).get();
        successor.commitTransaction();
        int code = code(zombie::commitTransaction);
        zombie.close();
        successor.close();
        // To a send the broker says that the epoch is old: the same to this client.
        int same = code == Errors.INVALID_PRODUCER_EPOCH.code() ? Errors.PRODUCER_FENCED.code() : code;
        return Map.of("code", same, "values", values(read(topic, 1, "read_committed")));
    }

    static int partitions(String topic) throws Exception {
        return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
    }

    static Object adminTopics() throws Exception {
        create("made", 3);
        int again = code(() -> create("made", 3));
        int before = partitions("made");
        admin.createPartitions(Map.of("made", NewPartitions.increaseTo(5))).all().get();
        int after = partitions("made");
        admin.deleteTopics(List.of("made")).all().get();
        int unknown = code(() -> admin.deleteTopics(List.of("made")).all().get());
        int invalid = code(() -> create("no/slash", 1));
        return Map.of("again", again, "partitions", List.of(before, after), "listed", admin.listTopics().names().get().contains("made"),
            "unknown", unknown, "invalid", invalid);
    }

    static String config(ConfigResource resource, String name) throws Exception {
        return admin.describeConfigs(List.of(resource)).all().get().get(resource).get(name).value();
    }

    static void change(ConfigResource resource, AlterConfigOp... operations) throws Exception {
        admin.incrementalAlterConfigs(Map.of(resource, List.of(operations))).all().get();
    }

    static Object adminConfigs() throws Exception {
        admin.createTopics(List.of(new NewTopic("configured", 1, (short) 1).configs(Map.of("retention.ms", "1000")))).all().get();
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "configured");
        String before = config(resource, "retention.ms");
        change(resource, new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
            new AlterConfigOp(new ConfigEntry("retention.ms", null), AlterConfigOp.OpType.DELETE));
        List<String> after = List.of(config(resource, "cleanup.policy"), config(resource, "retention.ms"));
        int bad = code(() -> change(resource, new AlterConfigOp(new ConfigEntry("retention.ms", "soon"), AlterConfigOp.OpType.SET)));
        return Map.of("before", before, "after", after, "bad", bad);
    }

    static boolean listsGroup(String group) throws Exception {
        return admin.listConsumerGroups().all().get().stream().anyMatch(each -> each.groupId().equals(group));
    }

    static Object adminGroups() throws Exception {
        String topic = create("of-group", 1);
        fillOne(topic, 1);
        Member member = new Member("listed", topic, Map.of());
        until(List.of(member), () -> member.values.size() == 1, "assigned");
        member.consumer.commitSync();
        boolean listed = listsGroup("listed");
        ConsumerGroupDescription described = admin.describeConsumerGroups(List.of("listed")).all().get().get("listed");
        int refused = code(() -> admin.deleteConsumerGroups(List.of("listed")).all().get());
        member.consumer.close();
        admin.deleteConsumerGroups(List.of("listed")).all().get();
        return Map.of("listed", listed, "state", described.state().toString().toLowerCase(Locale.ROOT), "members",
            described.members().size(), "refused", refused, "gone", !listsGroup("listed"));
    }

    static long offset(String topic, OffsetSpec spec) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return admin.listOffsets(Map.of(partition, spec)).all().get().get(partition).offset();
    }

    static Object adminOffsets() throws Exception {
        String topic = create("offsets", 1);
        try (Producer<String, String> producer = producer(Map.of())) {
            for (int number = 0; number < 10; number++) {
                producer.send(new ProducerRecord<>(topic, 0, 1_700_000_000_000L + 1000 * number, null, "" + number));
            }
        }
        List<Long> found = List.of(offset(topic, OffsetSpec.earliest()), offset(topic, OffsetSpec.latest()),
            offset(topic, OffsetSpec.forTimestamp(1_700_000_003_500L)));
        return Map.of("found", found);
    }

    static Object groupOffsets() throws Exception {
        TopicPartition partition = new TopicPartition(create("committed", 1), 0);
        fillOne(partition.topic(), 10);
        admin.alterConsumerGroupOffsets("altered", Map.of(partition, new OffsetAndMetadata(5))).all().get();
        long group = admin.listConsumerGroupOffsets("altered").partitionsToOffsetAndMetadata().get().get(partition).offset();
        return Map.of("group", group);
    }

    static Object maxTimestamp() throws Exception {
        String topic = create("latest", 1);
        try (Producer<String, String> producer = producer(Map.of())) {
            for (int number = 0; number < 10; number++) {
                producer.send(new ProducerRecord<>(topic, 0, 1_700_000_000_000L + (number == 4 ? 5000 : number), null, "" + number));
            }
        }
        return Map.of("found", offset(topic, OffsetSpec.maxTimestamp()));
    }

    static Object deleteRecords() throws Exception {
        String topic = create("shortened", 1);
        TopicPartition partition = new TopicPartition(topic, 0);
        fillOne(topic, 10);
        long low = admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(4))).lowWatermarks().get(partition).get().lowWatermark();
        int outside = code(() -> admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(99))).all().get());
        return Map.of("low", low, "first", read(topic, 1, "read_committed").get(0).value(), "outside", outside);
    }

    static Map<String, Object> login(String user, String password, String mechanism, boolean secure) {
        String module = mechanism.equals("PLAIN") ? "plain.PlainLoginModule" : "scram.ScramLoginModule";
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", secure ? secureAddress : saslAddress, "security.protocol",
            secure ? "SASL_SSL" : "SASL_PLAINTEXT", "sasl.mechanism", mechanism, "sasl.jaas.config", String.format(
            "org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\";", module, user, password)));
        if (secure) config.putAll(Map.of("ssl.truststore.type", "PEM", "ssl.truststore.location", caFile));
        return config;
    }

    static boolean canLogin(Map<String, Object> config) throws Exception {
        try (Admin client = Admin.create(new HashMap<>(config))) {
            client.listTopics(new ListTopicsOptions().timeoutMs(10_000)).names().get();
            return true;
        } catch (ExecutionException error) {
            if (error.getCause() instanceof AuthenticationException) return false;
            throw error;
        }
    }

    static Object sasl() throws Exception {
        List<Boolean> right = new ArrayList<>();
        List<Boolean> wrong = new ArrayList<>();
        for (String mechanism : List.of("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")) {
            right.add(canLogin(login("alice", "secret-of-alice", mechanism, false)));
            wrong.add(canLogin(login("alice", "wrong", mechanism, false)));
        }
        return Map.of("right", right, "wrong", wrong);
    }

    static Object tls() throws Exception {
        Map<String, Object> trusting = login("alice", "secret-of-alice", "SCRAM-SHA-512", true);
        Map<String, Object> untrusting = new HashMap<>(trusting);
        untrusting.keySet().removeIf(each -> each.startsWith("ssl.truststore"));
        return Map.of("trusted", canLogin(trusting), "untrusted", canLogin(untrusting));
    }

    static Object acls() throws Exception {
        String topic = create("guarded", 1);
        Map<String, Object> alice = login("alice", "secret-of-alice", "PLAIN", false);
        // Idempotence of this client is on by itself, and needs no right of its own.
        int denied;
        try (Producer<String, String> producer = producer(alice)) {
            denied = code(() -> send(producer, topic, List.of("denied")));
        }
        ResourcePattern pattern = new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL);
        List<AclBinding> entries = Stream.of(AclOperation.WRITE, AclOperation.DESCRIBE)
            .map(each -> new AclBinding(pattern, new AccessControlEntry("User:alice", "*", each, AclPermissionType.ALLOW))).toList();
        admin.createAcls(entries).all().get();
        try (Producer<String, String> producer = producer(alice)) {
            send(producer, topic, List.of("allowed"));
        }
        AclBindingFilter filter = new AclBindingFilter(new ResourcePatternFilter(ResourceType.TOPIC, topic, PatternType.ANY), AccessControlEntryFilter.ANY);
        int listed = admin.describeAcls(filter).values().get().size();
        int deleted = admin.deleteAcls(List.of(filter)).all().get().size();
        return Map.of("denied", denied, "values", values(read(topic, 1, "read_committed")), "listed", listed, "deleted", deleted);
    }

    static Object scramUsers() throws Exception {
        ScramMechanism mechanism = ScramMechanism.SCRAM_SHA_256;
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("carol", new ScramCredentialInfo(mechanism, 8192), "secret-of-carol"))).all().get();
        List<Object> listed = new ArrayList<>();
        for (ScramCredentialInfo each : admin.describeUserScramCredentials(List.of("carol")).description("carol").get().credentialInfos()) {
            listed.add(List.of(each.mechanism().mechanismName(), each.iterations()));
        }
        Map<String, Object> config = login("carol", "secret-of-carol", "SCRAM-SHA-256", false);
        boolean before = canLogin(config);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialDeletion("carol", mechanism))).all().get();
        return Map.of("listed", listed, "before", before, "after", canLogin(config));
    }

    static Object restart() throws Exception {
        String topic = create("kept", 2);
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        int enough = 300;
        Semaphore inFlight = new Semaphore(100);
        try (Producer<String, String> producer = producer(Map.of("delivery.timeout.ms", 60_000, "request.timeout.ms", 5_000, "retry.backoff.ms", 50,
            "reconnect.backoff.max.ms", 200, "batch.size", 500))) {
            boolean running = false;
            boolean restarted = false;
            for (int number = 0; !restarted || acknowledged.size() < enough; number++) {
                String value = "" + number;
                inFlight.acquire();
                producer.send(new ProducerRecord<>(topic, value), (metadata, error) -> {
                    if (error == null) acknowledged.add(value);
                    inFlight.release();
                });
                if (acknowledged.size() >= 300 && !running) {
                    running = true;
                    System.out.println("{\"event\":\"running\"}");
                }
                if (running && !restarted && in.ready()) {
                    in.readLine();
                    restarted = true;
                    enough = acknowledged.size() + 300;
                }
            }
        }
        List<String> values = values(read(topic, 2, "read_committed"));
        Set<String> distinct = new HashSet<>(values);
        return Map.of("enough", acknowledged.size() >= enough, "missing", acknowledged.stream().filter(each -> !distinct.contains(each)).count(),
            "duplicates", values.size() - distinct.size());
    }

    // What the cases share.

    interface Action {
        void run() throws Exception;
    }

    /** Kafka's error code of what fails; 0 when it does not. */
    static int code(Action action) throws Exception {
        try {
            action.run();
            return 0;
        } catch (ExecutionException error) {
            return Errors.forException(error.getCause()).code();
        } catch (KafkaException error) {
            return Errors.forException(error).code();
        }
    }

    static String create(String topic, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, partitions, (short) 1))).all().get();
        return topic;
    }

    static Producer<String, String> producer(Map<String, Object> config) {
        Map<String, Object> all = new HashMap<>(Map.of("bootstrap.servers", address, "linger.ms", 5, "max.block.ms", 10_000));
        all.putAll(config);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    static void send(Producer<String, String> producer, String topic, List<String> values) throws Exception {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        for (String value : values) sent.add(producer.send(new ProducerRecord<>(topic, value)));
        producer.flush();
        for (Future<RecordMetadata> each : sent) each.get();
    }

    static void fillOne(String topic, int count) throws Exception {
        try (Producer<String, String> producer = producer(Map.of())) {
            send(producer, topic, IntStream.range(0, count).mapToObj(Integer::toString).toList());
        }
    }

    /** All of a topic, up to the end that it has now. */
    static List<ConsumerRecord<String, String>> read(String topic, int partitions, String isolation) {
        List<ConsumerRecord<String, String>> got = new ArrayList<>();
        try (Consumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", address, "isolation.level", isolation,
            "enable.auto.commit", false, "fetch.max.wait.ms", 20, "auto.offset.reset", "none"), new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> all = IntStream.range(0, partitions).mapToObj(each -> new TopicPartition(topic, each)).toList();
            consumer.assign(all);
            consumer.seekToBeginning(all);
            Map<TopicPartition, Long> ends = consumer.endOffsets(all);
            while (all.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(50)).forEach(got::add);
            }
        }
        return got;
    }

    static List<String> values(List<ConsumerRecord<String, String>> records) {
        return records.stream().map(ConsumerRecord::value).toList();
    }

    static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(each -> json(each.getKey()) + ":" + json(each.getValue())).collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof Collection<?> all) return all.stream().map(Cases::json).collect(Collectors.joining(",", "[", "]"));
        if (value instanceof String text) {
            StringBuilder out = new StringBuilder("\"");
            for (char each : text.toCharArray()) {
                if (each < 32 || each == '"' || each == '\\') out.append(String.format("\\u%04x", (int) each));
                else out.append(each);
            }
            return out.append('"').toString();
        }
        return String.valueOf(value);
    }
}
