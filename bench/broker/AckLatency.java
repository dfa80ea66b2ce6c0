// Latency at a fixed rate, from the moment at which a record was due to its acknowledgement and to its consumer: a record that
// is sent late counts from when it was due. Prints one JSON line. Arguments: bootstrap topic rate bytes warmupSeconds seconds
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class AckLatency {
  public static void main(String[] arguments) throws Exception {
    String bootstrap = arguments[0];
    String topic = arguments[1];
    int rate = Integer.parseInt(arguments[2]);
    int bytes = Integer.parseInt(arguments[3]);
    int skipped = rate * Integer.parseInt(arguments[4]);
    int total = skipped + rate * Integer.parseInt(arguments[5]);
    long[] acknowledged = new long[total];
    long[] delivered = new long[total];
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger received = new AtomicInteger();
    TopicPartition partition = new TopicPartition(topic, 0);
    Map<String, Object> producing = Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", 0,
        "key.serializer", ByteArraySerializer.class, "value.serializer", ByteArraySerializer.class);
    Map<String, Object> consuming = Map.of("bootstrap.servers", bootstrap, "enable.auto.commit", false,
        "key.deserializer", ByteArrayDeserializer.class, "value.deserializer", ByteArrayDeserializer.class);
    try (var producer = new KafkaProducer<byte[], byte[]>(producing); var consumer = new KafkaConsumer<byte[], byte[]>(consuming)) {
      producer.send(new ProducerRecord<>(topic, 0, null, new byte[bytes])).get();
      consumer.assign(List.of(partition));
      consumer.seekToEnd(List.of(partition));
      consumer.position(partition);
      Thread reader = new Thread(() -> {
        long giveUp = System.nanoTime() + (total / rate + 20) * 1_000_000_000L;
        while (received.get() < total && System.nanoTime() < giveUp) {
          for (var record : consumer.poll(Duration.ofMillis(500))) {
            ByteBuffer value = ByteBuffer.wrap(record.value());
            delivered[value.getInt()] = System.nanoTime() - value.getLong();
            received.incrementAndGet();
          }
        }
      });
      reader.start();
      long start = System.nanoTime() + 50_000_000L;
      for (int index = 0; index < total; index++) {
        long due = start + index * 1_000_000_000L / rate;
        // Parked and up to 0.1 ms late, which counts: one that spins takes the core that the broker needs.
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
        byte[] value = new byte[bytes];
        ByteBuffer.wrap(value).putInt(index).putLong(due);
        int place = index;
        producer.send(new ProducerRecord<>(topic, 0, null, value), (metadata, error) -> {
          if (error != null) failed.incrementAndGet();
          acknowledged[place] = System.nanoTime() - due;
        });
      }
      producer.flush();
      reader.join();
    }
    System.out.println("{\"failed\":" + failed + ",\"received\":" + received + ",\"acknowledged\":" + percentiles(acknowledged, skipped)
        + ",\"delivered\":" + percentiles(delivered, skipped) + "}");
  }

  private static String percentiles(long[] nanoseconds, int skipped) {
    long[] sorted = Arrays.copyOfRange(nanoseconds, skipped, nanoseconds.length);
    Arrays.sort(sorted);
    return "{\"p50\":" + at(sorted, 0.5) + ",\"p99\":" + at(sorted, 0.99) + ",\"p999\":" + at(sorted, 0.999) + "}";
  }

  private static double at(long[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)] / 1e6;
  }
}
