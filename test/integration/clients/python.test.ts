import { ClientProgram } from '../../support/kafka-clients/program.ts'
import { installPythonClient, python, pythonProgram } from '../../support/kafka-clients/python.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'

installPythonClient()
testClient('confluent-kafka', ({ address, saslAddress, secureAddress, caFile }) => {
  const program = new ClientProgram(python, [pythonProgram('cases'), address, saslAddress, secureAddress, caFile])
  return { run: (name, event) => program.run(name, [], event), close: () => program.close() }
})
