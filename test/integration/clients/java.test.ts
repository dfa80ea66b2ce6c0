import { installKafkaJava, javaProgram, type KafkaRelease } from '../../support/kafka-clients/java.ts'
import { ClientProgram } from '../../support/kafka-clients/program.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'

for (const release of ['3.9.1', '4.3.1'] as const satisfies readonly KafkaRelease[]) {
  installKafkaJava(release)
  testClient(`java-${release}`, ({ address, saslAddress, secureAddress, caFile }) => {
    const program = new ClientProgram(
      'java',
      javaProgram(release, 'Cases', address, saslAddress, secureAddress, caFile),
    )
    return { run: (name, event) => program.run(name, [], event), close: () => program.close() }
  })
}
