/**
 * Which columns must cross an edge, and which a source has to make: those that somebody behind reads. Known when every
 * reader is declared or a function whose source tells; otherwise all. Pure.
 */
import { unreachable } from '../../core/assert.ts'
import type { Field, Schema } from '../../core/columns/schema.ts'
import { sameType, schemaOf } from '../schema.ts'
import { fieldOf, type TypeDef } from '../types.ts'
import { conditionFields, expressionFields } from './fields.ts'
import type { AggregateSpec, GraphNode, JobGraph, NodeInput, SourceBody } from './nodes.ts'

/** A node as the reader of one of its inputs. */
interface Consumer {
  readonly node: GraphNode
  readonly input: NodeInput
}

/** Names of columns, or all of them. */
export type Columns = ReadonlySet<string> | 'all'

export class ColumnNeeds {
  readonly #graph: JobGraph
  readonly #consumers = new Map<string, Consumer[]>()
  readonly #inputs = new Map<string, Columns>()

  constructor(graph: JobGraph) {
    this.#graph = graph
    for (const node of graph.nodes) {
      for (const input of node.inputs) {
        const output = `${input.node}/${input.output}`
        this.#consumers.set(output, [...(this.#consumers.get(output) ?? []), { node, input }])
      }
    }
  }

  /** Columns of an input that the node needs, for itself and for what it passes on. */
  ofInput(consumer: Consumer): Columns {
    const { node, input } = consumer
    const name = `${node.id}/${input.second ? 2 : 1}`
    const known = this.#inputs.get(name)
    if (known !== undefined) return known
    const read = this.#compute(consumer)
    // A batch has at least one column of the record, and whoever stands before has to know which.
    const columns = read !== 'all' && read.size === 0 ? new Set(this.#cheapest(consumer)) : read
    this.#inputs.set(name, columns)
    return columns
  }

  /**
   * Fields that a source has to make for an output of declared type, in the order of the record; undefined: all. Besides
   * those that are read, those that its event time is made of.
   */
  ofSource(node: GraphNode & SourceBody, output: string): readonly string[] | undefined {
    const type = typeOfOutput(node, output)
    // A dead letter shows the whole record.
    if (type === undefined || node.onError === 'dead-letter') return undefined
    const { eventTime } = node
    const times = output === '' ? columns(node.reads) : columns(typeof eventTime === 'string' ? [eventTime] : [])
    const schema = schemaOf(type)
    const fields = pruned(schema, union([this.#ofOutput(node, output), times]))
    return fields.length === schema.fields.length ? undefined : fields.map(({ name }) => name)
  }

  /** Whether anything reads the output. */
  isRead(node: GraphNode, output: string): boolean {
    return this.#consumers.has(`${node.id}/${output}`)
  }

  #cheapest(consumer: Consumer): string[] {
    return likeInputs(consumer).flatMap(({ node: from, output }) => {
      const type = typeOfOutput(this.#graph.nodes[from], output)
      const schema = type && schemaOf(type)
      return schema?.record === 'object' ? cheapest(schema.fields).map(({ name }) => name) : []
    })
  }

  #ofOutput(node: GraphNode, output: string): Columns {
    return union((this.#consumers.get(`${node.id}/${output}`) ?? []).map((consumer) => this.#wanted(consumer)))
  }

  /** What a consumer needs, the fields that route to it included. */
  #wanted(consumer: Consumer): Columns {
    return union([this.ofInput(consumer), ...likeInputs(consumer).map((input) => routing(input))])
  }

  #compute({ node, input }: Consumer): Columns {
    // A dead letter shows the whole record.
    if (node.onError === 'dead-letter') return 'all'
    switch (node.kind) {
      case 'map':
      case 'flatMap':
        return union([columns(node.reads), keyOf(node)])
      case 'process':
        return union([columns(input.second ? node.second?.reads : node.reads), keyOf(node)])
      case 'filter':
        return union([columns(node.reads), this.#ofOutput(node, '')])
      case 'where':
        return union([columns(conditionFields(node.condition)), this.#ofOutput(node, '')])
      case 'project':
        return columns(node.fields)
      case 'select':
        return columns(node.columns.flatMap((column) => expressionFields(column.expression)))
      case 'aggregate':
        return union([aggregated(node.aggregate, node.reads), keyOf(node)])
      case 'window': {
        const late = node.lateOutput === undefined ? columns([]) : this.#ofOutput(node, node.lateOutput)
        return union([aggregated(node.aggregate, node.reads), keyOf(node), late])
      }
      case 'reduce':
      case 'sink':
      case 'source':
        return 'all'
      default:
        return unreachable(node)
    }
  }
}

/** The inputs of the node that carry records of the same stream. */
const likeInputs = ({ node, input }: Consumer): readonly NodeInput[] =>
  node.inputs.filter(({ second }) => second === input.second)

const columns = (names: readonly string[] | undefined): Columns => (names === undefined ? 'all' : new Set(names))

function union(all: readonly Columns[]): Columns {
  const names = new Set<string>()
  for (const each of all) {
    if (each === 'all') return 'all'
    for (const name of each) names.add(name)
  }
  return names
}

function aggregated(aggregate: AggregateSpec, reads: readonly string[] | undefined): Columns {
  if (aggregate.kind === 'functions') return columns(reads)
  return columns(aggregate.aggregates.flatMap((each) => (each.field === undefined ? [] : [each.field])))
}

/** Key fields: a keyed operator reads them from its input. A computed key has a column of its own. */
const keyOf = (node: GraphNode): Columns => union(node.inputs.map((input) => keyFields(input)))

function keyFields({ exchange }: NodeInput): Columns {
  return columns(exchange.kind === 'hash' && exchange.key.kind === 'fields' ? exchange.key.fields : [])
}

/**
 * Fields that the records of an output must still have where they are routed. When the route starts behind another edge
 * (a filter that stands in a vertex of its own) they must cross that one.
 */
function routing({ exchange }: NodeInput): Columns {
  if (exchange.kind === 'custom') return 'all'
  if (exchange.kind !== 'hash') return columns([])
  return exchange.key.kind === 'fields' ? columns(exchange.key.fields) : columns(exchange.key.reads)
}

/** Name of the column of a computed key. */
export const keyColumn = '$key'

/** Declared schema of what crosses the edge into `node`: columns in the order of the record's fields, then `$key` when computed. */
export function edgeSchema(graph: JobGraph, node: GraphNode, input: NodeInput, needs: ColumnNeeds): Schema | undefined {
  const type = typeOfOutput(graph.nodes[input.node], input.output)
  if (type === undefined || !agreeOnKeys(graph, { node, input }, type)) return undefined
  const schema = schemaOf(type)
  const fields = [...pruned(schema, needs.ofInput({ node, input }))]
  const { exchange } = input
  if (exchange.kind === 'hash' && exchange.key.kind === 'function')
    fields.push(fieldOf(keyColumn, exchange.key.type ?? { dataType: { kind: 'any' } }))
  return { record: schema.record, fields }
}

/**
 * The inputs of a keyed operator declare the same records or none does: keys that are equal must look the same. Those of
 * connected streams do so by their declared type.
 */
function agreeOnKeys(graph: JobGraph, consumer: Consumer, type: TypeDef<unknown>): boolean {
  if (consumer.input.exchange.kind !== 'hash') return true
  return likeInputs(consumer).every((input) => sameType(type, typeOfOutput(graph.nodes[input.node], input.output)))
}

function typeOfOutput(node: GraphNode, output: string): TypeDef<unknown> | undefined {
  return output === '' ? node.type : node.sides?.[output]
}

function pruned({ record, fields }: Schema, wanted: Columns): readonly Field[] {
  if (record === 'value' || wanted === 'all') return fields
  const kept = fields.filter((field) => wanted.has(field.name))
  // A batch has at least one column of the record: the cheapest will do.
  return kept.length > 0 ? kept : cheapest(fields)
}

const widths: Readonly<Record<string, number>> = { boolean: 1, int32: 4, float64: 8, timestamp: 8, date: 8, int64: 8 }

function cheapest(fields: readonly Field[]): readonly Field[] {
  const byWidth = fields.toSorted((a, b) => (widths[a.type.kind] ?? 100) - (widths[b.type.kind] ?? 100))
  return byWidth.slice(0, 1)
}
