import { ClientProgram } from '../../support/kafka-clients/program.ts'
import { hasPythonClient, python, pythonProgram } from '../../support/kafka-clients/python.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'

testClient('confluent-kafka', hasPythonClient(), ({ address, saslAddress, secureAddress, caFile }) => {
  const program = new ClientProgram(python, [pythonProgram('cases'), address, saslAddress, secureAddress, caFile])
  return { run: (name, event) => program.run(name, [], event), close: () => program.close() }
})
