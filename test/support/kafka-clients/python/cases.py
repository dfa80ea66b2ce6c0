"""Cases of the client matrix for confluent-kafka. Usage: cases.py ADDRESS SASL_ADDRESS SECURE_ADDRESS CA_FILE; then lines
`case<TAB>argument...` on standard input, each answered by a line of JSON."""
import json
import select
import sys
import time
import traceback

from confluent_kafka import (
    OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
    NewPartitions, NewTopic, OffsetSpec, ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism,
    UserScramCredentialDeletion, UserScramCredentialUpsertion,
)

address, sasl_address, secure_address, ca_file = sys.argv[1:5]
common = {'bootstrap.servers': address, 'log_level': 0}
waiting = {'fetch.wait.max.ms': 20}
admin = AdminClient(common)


def settle(futures):
    return {key: future.result(20) for key, future in futures.items()}


def code_of(action):
    """Kafka's error code of what fails; 0 when it does not."""
    try:
        action()
        return 0
    except KafkaException as error:
        return error.args[0].code()


def create(topic, partitions=1, **config):
    settle(admin.create_topics([NewTopic(topic, partitions, 1, config={key.replace('_', '.'): value for key, value in config.items()})]))
    return topic


def producer(**config):
    return Producer({**common, 'linger.ms': 5, **{key.replace('_', '.'): value for key, value in config.items()}})


def send(maker, topic, values, **more):
    failed = []
    for value in values:
        maker.produce(topic, value=value, on_delivery=lambda error, _: failed.append(error) if error else None, **more)
        maker.poll(0)
    maker.flush(20)
    if failed:
        raise KafkaException(failed[0])


def read(topic, partitions=1, isolation='read_committed', first=OFFSET_BEGINNING):
    """All of a topic, up to the end that it has now."""
    consumer = Consumer({
        **common, **waiting, 'group.id': 'reader', 'enable.auto.commit': False, 'enable.partition.eof': True, 'isolation.level': isolation,
        'auto.offset.reset': 'error',
    })
    consumer.assign([TopicPartition(topic, each, first) for each in range(partitions)])
    got, ends = [], set()
    limit = time.time() + 20
    while len(ends) < partitions and time.time() < limit:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            ends.add(message.partition())
        else:
            got.append(message)
    consumer.close()
    return got


def codecs():
    found = {}
    for codec in ['none', 'gzip', 'snappy', 'lz4', 'zstd']:
        topic = create(f'codec-{codec}')
        values = [f'{codec}-{number}-{"x" * 100}' for number in range(200)]
        send(producer(compression_type=codec), topic, values)
        found[codec] = [message.value().decode() for message in read(topic)] == values and 200
    return found


def records():
    topic = create('records')
    maker = producer()
    maker.produce(topic, key='a', value='plain', headers=[('h', b'x'), ('empty', b'')])
    maker.produce(topic, value='without key')
    maker.produce(topic, key='c')
    maker.produce(topic, key='', value='')
    maker.flush(10)
    text = lambda value: None if value is None else value.decode()
    return {'records': [{
        'key': text(each.key()), 'value': text(each.value()), 'headers': [[name, text(value)] for name, value in each.headers() or []],
    } for each in read(topic)]}


def null_header():
    topic = create('null-header')
    send(producer(), topic, ['x'], headers=[('null', None)])
    return {'headers': [list(each) for each in read(topic)[0].headers()]}


def large():
    topic = create('large')
    value = bytes(range(256)) * 3906
    send(producer(message_max_bytes=2000000), topic, [value])
    got = read(topic)
    return {'bytes': len(got[0].value()), 'same': got[0].value() == value}


def too_large():
    topic = create('too-large')
    maker = producer(message_max_bytes=2000000)
    refused = code_of(lambda: send(maker, topic, [b'z' * 1200000]))
    send(maker, topic, ['small'])
    return {'code': refused, 'after': [message.value().decode() for message in read(topic)]}


class Member:
    def __init__(self, group, topic, **config):
        self.assigned, self.revoked, self.lost, self.rebalances = set(), 0, 0, 0
        self.values, self.fatal = [], None
        self.consumer = Consumer({
            **common, **waiting, 'group.id': group, 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 100,
            'enable.auto.commit': False, **{key.replace('_', '.'): value for key, value in config.items()},
        })
        self.cooperative = 'cooperative' in config.get('partition_assignment_strategy', '')
        self.consumer.subscribe([topic], on_assign=self.assign, on_revoke=self.revoke)

    def assign(self, consumer, partitions):
        self.rebalances += 1
        if self.cooperative:
            self.assigned |= {each.partition for each in partitions}
            consumer.incremental_assign(partitions)
        else:
            self.assigned = {each.partition for each in partitions}
            consumer.assign(partitions)

    def revoke(self, consumer, partitions):
        self.revoked += len(partitions)
        self.assigned -= {each.partition for each in partitions}
        if self.cooperative:
            consumer.incremental_unassign(partitions)
        else:
            consumer.unassign()

    def poll(self):
        message = self.consumer.poll(0.02)
        if message is None:
            return
        if message.error():
            if message.error().code() == KafkaError._FATAL and 'Static consumer fenced' in message.error().str():
                self.fatal = KafkaError.FENCED_INSTANCE_ID
            return
        self.values.append(message.value().decode())
        self.consumer.commit(message, asynchronous=True)


def until(members, ready, what):
    limit = time.time() + 25
    while not ready():
        if time.time() > limit:
            raise RuntimeError(f'{what}: {[(sorted(each.assigned), len(each.values), each.fatal) for each in members]}')
        for each in members:
            each.poll()


def pair(topic, group, **config):
    create(topic, 4)
    maker = producer()
    fill = lambda name: [maker.produce(topic, value=f'{name}{number}', partition=number % 4) for number in range(40)] and maker.flush(10)
    fill('a')
    first = Member(group, topic, **config)
    until([first], lambda: len(first.values) == 40, 'alone')
    alone = len(first.assigned)
    revoked = first.revoked
    second = Member(group, topic, **config)
    until([first, second], lambda: len(first.assigned) == 2 and len(second.assigned) == 2, 'both')
    revoked = first.revoked - revoked
    fill('b')
    until([first, second], lambda: len(first.values) + len(second.values) >= 80, 'both read')
    second.consumer.close()
    until([first], lambda: len(first.assigned) == 4, 'after')
    fill('c')
    until([first], lambda: len({*first.values, *second.values}) == 120, 'after read')
    first.consumer.close()
    return {'alone': alone, 'both': 2, 'revoked': revoked, 'after': 4, 'distinct': len({*first.values, *second.values})}


def groups():
    return {**pair('groups', 'groups', partition_assignment_strategy='range'), 'revoked': None}


def cooperative():
    return pair('cooperative', 'cooperative', partition_assignment_strategy='cooperative-sticky')


def static_members():
    topic = create('static', 4)
    first, second = [Member('static', topic, group_instance_id=name) for name in ['one', 'two']]
    until([first, second], lambda: len(first.assigned) == 2 and len(second.assigned) == 2, 'both')
    before, rebalances = sorted(second.assigned), first.rebalances
    second.consumer.close()
    again = Member('static', topic, group_instance_id='two')
    until([first, again], lambda: len(again.assigned) == 2, 'again')
    same = sorted(again.assigned) == before and first.rebalances == rebalances
    for each in [first, again]:
        each.consumer.close()
    return {'same': same}


def static_fencing():
    topic = create('static-fencing')
    first = Member('static-fencing', topic, group_instance_id='one')
    until([first], lambda: len(first.assigned) == 1, 'joined')
    usurper = Member('static-fencing', topic, group_instance_id='one')
    until([first, usurper], lambda: first.fatal is not None and len(usurper.assigned) == 1, 'fenced')
    for each in [first, usurper]:
        each.consumer.close()
    return {'code': first.fatal}


def idempotence():
    topic = create('idempotent')
    values = [str(number) for number in range(1000)]
    send(producer(enable_idempotence=True, batch_num_messages=10), topic, values)
    return {'ordered': [message.value().decode() for message in read(topic)] == values}


def transactional(name):
    made = producer(transactional_id=name, transaction_timeout_ms=20000)
    made.init_transactions(20)
    return made


def transactions():
    topic = create('transactions', 2)
    maker = transactional('rounds')
    for number in range(6):
        maker.begin_transaction()
        for each in range(10):
            maker.produce(topic, value=f'{"aborted" if number % 2 else "committed"}-{number}-{each}', partition=each % 2)
        if number % 2:
            maker.flush(10)
            maker.abort_transaction(20)
        else:
            maker.commit_transaction(20)
    committed = [message.value().decode() for message in read(topic, 2)]
    everything = read(topic, 2, 'read_uncommitted')
    return {'committed': len(committed), 'aborted': sum(each.startswith('aborted') for each in committed), 'all': len(everything)}


def transaction_offsets():
    topic = create('consumed')
    send(producer(), topic, [str(number) for number in range(10)])
    member = Member('in-transaction', topic)
    until([member], lambda: len(member.values) > 0, 'assigned')
    maker = transactional('offsets')
    seen = []
    for offset, commit in [(3, True), (7, False)]:
        maker.begin_transaction()
        maker.send_offsets_to_transaction([TopicPartition(topic, 0, offset)], member.consumer.consumer_group_metadata(), 20)
        maker.commit_transaction(20) if commit else maker.abort_transaction(20)
        seen.append(member.consumer.committed([TopicPartition(topic, 0)], 10)[0].offset)
    member.consumer.close()
    return {'offsets': seen}


def fencing():
    topic = create('fenced')
    zombie = transactional('fenced')
    zombie.begin_transaction()
    zombie.produce(topic, value='zombie')
    zombie.flush(10)
    successor = transactional('fenced')
    successor.begin_transaction()
    successor.produce(topic, value='successor')
    successor.commit_transaction(20)
    refused = code_of(lambda: zombie.commit_transaction(20))
    return {'code': {KafkaError._FENCED: 90}.get(refused, refused), 'values': [message.value().decode() for message in read(topic)]}


def partitions_of(topic):
    return len(admin.list_topics(timeout=10).topics[topic].partitions)


def admin_topics():
    create('made', 3)
    again = code_of(lambda: create('made', 3))
    counts = [partitions_of('made')]
    settle(admin.create_partitions([NewPartitions('made', 5)]))
    counts.append(partitions_of('made'))
    settle(admin.delete_topics(['made']))
    unknown = code_of(lambda: settle(admin.delete_topics(['made'])))
    invalid = code_of(lambda: create('no/slash'))
    return {'again': again, 'partitions': counts, 'listed': 'made' in admin.list_topics(timeout=10).topics, 'unknown': unknown, 'invalid': invalid}


def admin_configs():
    create('configured', retention_ms='1000')
    resource = ConfigResource(ConfigResource.Type.TOPIC, 'configured')
    value = lambda key: settle(admin.describe_configs([resource]))[resource][key].value

    def change(*entries):
        settle(admin.incremental_alter_configs([ConfigResource(ConfigResource.Type.TOPIC, 'configured', incremental_configs=[
            ConfigEntry(name, text, incremental_operation=operation) for name, text, operation in entries
        ])]))

    before = value('retention.ms')
    change(('cleanup.policy', 'compact', AlterConfigOpType.APPEND), ('retention.ms', None, AlterConfigOpType.DELETE))
    after = [value('cleanup.policy'), value('retention.ms')]
    bad = code_of(lambda: change(('retention.ms', 'soon', AlterConfigOpType.SET)))
    return {'before': before, 'after': after, 'bad': bad}


def admin_groups():
    topic = create('of-group')
    send(producer(), topic, ['one'])
    member = Member('listed', topic)
    until([member], lambda: len(member.values) == 1, 'assigned')
    member.consumer.commit(asynchronous=False)
    listed = 'listed' in [each.group_id for each in admin.list_consumer_groups().result(10).valid]
    described = settle(admin.describe_consumer_groups(['listed']))['listed']
    refused = code_of(lambda: settle(admin.delete_consumer_groups(['listed'])))
    member.consumer.close()
    settle(admin.delete_consumer_groups(['listed']))
    gone = 'listed' not in [each.group_id for each in admin.list_consumer_groups().result(10).valid]
    return {'listed': listed, 'state': described.state.name.lower(), 'members': len(described.members), 'refused': refused, 'gone': gone}


def look(topic, spec):
    partition = TopicPartition(topic, 0)
    return settle(admin.list_offsets({partition: spec}, isolation_level=IsolationLevel.READ_COMMITTED))[partition].offset


def max_timestamp():
    topic = create('latest')
    maker = producer()
    for number in range(10):
        maker.produce(topic, value=str(number), timestamp=1_700_000_000_000 + (5000 if number == 4 else number))
    maker.flush(10)
    return {'found': look(topic, OffsetSpec.max_timestamp())}


def admin_offsets():
    topic = create('offsets')
    maker = producer()
    for number in range(10):
        maker.produce(topic, value=str(number), timestamp=1_700_000_000_000 + 1000 * number)
    maker.flush(10)
    found = [look(topic, OffsetSpec.earliest()), look(topic, OffsetSpec.latest()), look(topic, OffsetSpec.for_timestamp(1_700_000_003_500))]
    return {'found': found}


def group_offsets():
    topic = create('committed')
    send(producer(), topic, [str(number) for number in range(10)])
    settle(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions('altered', [TopicPartition(topic, 0, 5)])]))
    altered = settle(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions('altered')]))['altered'].topic_partitions[0].offset
    return {'group': altered}


def delete_records():
    topic = create('shortened')
    send(producer(), topic, [str(number) for number in range(10)])
    low = settle(admin.delete_records([TopicPartition(topic, 0, 4)]))[TopicPartition(topic, 0)].low_watermark
    rest = [message.value().decode() for message in read(topic)]
    return {'low': low, 'first': rest[0], 'outside': code_of(lambda: settle(admin.delete_records([TopicPartition(topic, 0, 99)])))}


def login(user, password, mechanism, secure=False, **more):
    target = {'bootstrap.servers': secure_address, 'security.protocol': 'SASL_SSL', 'ssl.ca.location': ca_file} if secure else {
        'bootstrap.servers': sasl_address, 'security.protocol': 'SASL_PLAINTEXT'}
    return {**target, 'sasl.mechanism': mechanism, 'sasl.username': user, 'sasl.password': password, 'log_level': 0, **more}


def can_login(config):
    # A failed login is tried again and again: the first error is the answer.
    errors = []
    client = AdminClient({**config, 'error_cb': errors.append})
    limit = time.time() + 10
    while time.time() < limit and not errors:
        try:
            client.list_topics(timeout=0.5)
            return True
        except KafkaException:
            client.poll(0)
    return False


def sasl():
    mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
    return {
        'right': [can_login(login('alice', 'secret-of-alice', each)) for each in mechanisms],
        'wrong': [can_login(login('alice', 'wrong', each)) for each in mechanisms],
    }


def tls():
    right = login('alice', 'secret-of-alice', 'SCRAM-SHA-512', True)
    untrusting = {key: value for key, value in right.items() if key != 'ssl.ca.location'}
    return {'trusted': can_login(right), 'untrusted': can_login(untrusting)}


def acls():
    topic = create('guarded')
    as_alice = Producer(login('alice', 'secret-of-alice', 'PLAIN', **{'message.timeout.ms': 5000}))
    denied = code_of(lambda: send(as_alice, topic, ['denied']))
    entry = lambda operation: AclBinding(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, 'User:alice', '*', operation, AclPermissionType.ALLOW)
    settle(admin.create_acls([entry(AclOperation.WRITE), entry(AclOperation.DESCRIBE)]))
    send(Producer(login('alice', 'secret-of-alice', 'PLAIN')), topic, ['allowed'])
    every = AclBindingFilter(ResourceType.TOPIC, topic, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    listed = len(admin.describe_acls(every).result(10))
    deleted = sum(len(each) for each in settle(admin.delete_acls([every])).values())
    return {'denied': denied, 'values': [message.value().decode() for message in read(topic)], 'listed': listed, 'deleted': deleted}


def scram_users():
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 8192)
    settle(admin.alter_user_scram_credentials([UserScramCredentialUpsertion('carol', info, b'secret-of-carol')]))
    described = admin.describe_user_scram_credentials(['carol'])['carol'].result(10)
    listed = [[each.mechanism.name.replace('_', '-'), each.iterations] for each in described.scram_credential_infos]
    config = login('carol', 'secret-of-carol', 'SCRAM-SHA-256')
    before = can_login(config)
    settle(admin.alter_user_scram_credentials([UserScramCredentialDeletion('carol', ScramMechanism.SCRAM_SHA_256)]))
    return {'listed': listed, 'before': before, 'after': can_login(config)}


def restart():
    topic = create('kept', 2)
    maker = producer(enable_idempotence=True, message_timeout_ms=60000, retry_backoff_ms=50, reconnect_backoff_max_ms=200)
    acknowledged = []
    running, restarted, enough = False, False, 300
    number = 0
    while not restarted or len(acknowledged) < enough:
        maker.produce(topic, value=str(number), on_delivery=lambda error, message: acknowledged.append(message.value().decode()) if error is None else None)
        number += 1
        maker.poll(0.001)
        if len(acknowledged) >= 300 and not running:
            running = True
            print(json.dumps({'event': 'running'}), flush=True)
        if running and not restarted and select.select([sys.stdin], [], [], 0)[0]:
            sys.stdin.readline()
            restarted, enough = True, len(acknowledged) + 300
        while number - len(acknowledged) > 200:
            maker.poll(0.05)
    maker.flush(30)
    values = [message.value().decode() for message in read(topic, 2)]
    return {
        'enough': len(acknowledged) >= enough, 'missing': len(set(acknowledged) - set(values)), 'duplicates': len(values) - len(set(values)),
    }


for line in sys.stdin:
    name, *arguments = line.rstrip('\n').split('\t')
    try:
        answer = globals()[name.replace('-', '_')](*arguments)
    except Exception:
        answer = {'error': traceback.format_exc()}
    print(json.dumps(answer), flush=True)
