"""Members of a group copy a topic in transactions, one of five aborted, while members come and go; prints what a
reader of committed records saw. Usage: copy_in_transactions.py HOST:PORT RECORDS"""
import json
import sys
import threading
import time

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

servers, count = sys.argv[1], int(sys.argv[2])
common = {'bootstrap.servers': servers}
transactions = 0
errors = []


def back_to_committed(consumer):
    for each in consumer.committed(consumer.assignment(), 10):
        consumer.seek(TopicPartition(each.topic, each.partition, max(each.offset, 0)))


def copy(name, stop):
    global transactions
    consumer = Consumer(common | {
        'group.id': 'copiers', 'auto.offset.reset': 'earliest', 'enable.auto.commit': False,
        'partition.assignment.strategy': 'cooperative-sticky', 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 200,
    })
    producer = Producer(common | {'transactional.id': f'copier-{name}', 'transaction.timeout.ms': 10000})
    producer.init_transactions()
    consumer.subscribe(['source'])
    while not stop.is_set():
        messages = [each for each in consumer.consume(20, 0.1) if not each.error()]
        if not messages:
            continue
        try:
            producer.begin_transaction()
            for each in messages:
                producer.produce('copy', value=each.value())
            producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
            transactions += 1
            if transactions % 5 == 0:
                producer.abort_transaction()
                back_to_committed(consumer)
            else:
                producer.commit_transaction()
        except KafkaException as error:
            # A rebalance in between: the transaction is of a generation that is over.
            errors.append(str(error))
            producer.abort_transaction()
            back_to_committed(consumer)
    consumer.close()


def start(name):
    stop = threading.Event()
    thread = threading.Thread(target=copy, args=(name, stop))
    thread.start()
    return stop, thread


# Topics are made as long as somebody holds the client.
admin = AdminClient(common)
for made in admin.create_topics([NewTopic('source', 4, 1), NewTopic('copy', 2, 1)]).values():
    made.result()
source = Producer(common | {'enable.idempotence': True})
for number in range(count // 2):
    source.produce('source', key=str(number), value=str(number))
source.flush()

workers = [start('a'), start('b')]
reader = Consumer(common | {
    'group.id': 'checker', 'auto.offset.reset': 'earliest', 'isolation.level': 'read_committed', 'enable.partition.eof': True,
})
reader.subscribe(['copy'])
seen = []
ended = set()
changed = False
deadline = time.time() + 60
while time.time() < deadline and not (len(set(seen)) == count and len(ended) == 2):
    message = reader.poll(0.2)
    if message is None:
        continue
    if message.error():
        if message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
        continue
    seen.append(int(message.value()))
    ended.discard(message.partition())
    if not changed and len(seen) >= count // 4:
        changed = True
        workers[0][0].set()
        workers.append(start('c'))
        for number in range(count // 2, count):
            source.produce('source', key=str(number), value=str(number))
        source.flush()
for stop, thread in workers:
    stop.set()
    thread.join()
reader.close()
print(json.dumps({
    'library': confluent_kafka.libversion()[0], 'seen': len(seen), 'distinct': len(set(seen)), 'transactions': transactions,
}))
