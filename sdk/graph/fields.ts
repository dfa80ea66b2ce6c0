/** Fields that declared conditions and expressions read. */
import { unreachable } from '../../core/assert.ts'
import type { Condition, Expression } from './nodes.ts'

export function expressionFields(expression: Expression): string[] {
  switch (expression.kind) {
    case 'field':
      return [expression.name]
    case 'constant':
      return []
    case 'arithmetic':
      return [...expressionFields(expression.left), ...expressionFields(expression.right)]
    default:
      return unreachable(expression)
  }
}

/** Each field once. */
export function conditionFields(condition: Condition): string[] {
  return [...new Set(fieldsIn(condition))]
}

function fieldsIn(condition: Condition): string[] {
  switch (condition.kind) {
    case 'compare':
      return [...expressionFields(condition.left), ...expressionFields(condition.right)]
    case 'and':
    case 'or':
      return condition.conditions.flatMap(fieldsIn)
    case 'not':
      return fieldsIn(condition.condition)
    default:
      return unreachable(condition)
  }
}
