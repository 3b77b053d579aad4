// A refusal: `application/problem+json` (RFC 9457) over HTTP, the same object in `error` frames.
// Branch on `code`; `title` and `detail` are for people.
import { ShapeError } from './shape'

/** A refusal. `facts` are further members that go with some codes, as `available`. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail?: string
  request_id?: string
  retry_after?: number
  errors?: FieldError[]
  [fact: string]: unknown
}

/** A field that was refused; `pointer` is a JSON pointer into the request. */
export interface FieldError {
  pointer: string
  code: string
  detail: string
}

/** Reads a problem; facts are kept as they are. */
export function problem(value: unknown, path: string): Problem {
  const read = value as Partial<Problem> | null
  if (typeof read !== 'object' || read === null || Array.isArray(read)) throw new ShapeError(path, 'a problem')
  if (typeof read.code !== 'string') throw new ShapeError(`${path}/code`, 'text')
  if (typeof read.status !== 'number') throw new ShapeError(`${path}/status`, 'a number')
  if (typeof read.title !== 'string') throw new ShapeError(`${path}/title`, 'text')
  return { ...read } as Problem
}

/** A refusal made on this side, in the shape of the server's. */
export function localProblem(code: string, status: number, detail = ''): Problem {
  return { type: `urn:souk:problem:${code}`, title: code, status, code, detail }
}
