// One way to speak to the server: JSON in and out, the access token when there is one, problems
// as errors. A token that the server no longer takes is renewed once and the request repeated.
import { localProblem, problem, type Problem } from '@/wire/problem'
import type { Operations } from './schema'
import { accessToken, renewAccess } from './token'

/** The server refused, or could not be reached (`code` is `offline`, status 0). */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  headers?: Record<string, string>
  /** Send no access token and do not renew: the calls that sign in. */
  anonymous?: boolean
  signal?: AbortSignal
}

/** Names an input only where the operation takes one; one that may be empty may be left out. */
type Input<Name extends string, T> = [T] extends [undefined] ? unknown : Partial<T> extends T ? { [N in Name]?: T } : { [N in Name]: T }
type Given<O extends Operation> = Omit<Call, 'method' | 'body'> &
  Input<'path', Operations[O]['path']> & Input<'query', Operations[O]['query']> & Input<'body', Operations[O]['body']>

/** What the server can be asked, as in `GET /api/streams/{id}`. */
export type Operation = keyof Operations
interface Loose extends Call {
  path?: Record<string, string>
  query?: Record<string, string | number | boolean | undefined>
}

/** Asks for an operation of the server's document: path, query, body and answer are typed by it. */
export async function ask<O extends Operation>(
  operation: O,
  ...[given]: Record<never, never> extends Given<O> ? [given?: Given<O>] : [given: Given<O>]
): Promise<Operations[O]['answer']> {
  const { path = {}, query = {}, ...rest } = (given ?? {}) as Loose
  const [method, template = ''] = operation.split(' ')
  const filled = template.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(path[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  const address = search.size > 0 ? `${filled}?${search}` : filled
  return (await call(address, { ...rest, method: method as NonNullable<Call['method']> })) as Operations[O]['answer']
}

/** Asks the server and returns the answer's JSON (`null` for an empty one). */
export async function call(path: string, options: Call = {}): Promise<unknown> {
  const used = options.anonymous ? null : await accessToken()
  let response = await send(path, options, used)
  if (response.status === 401 && used !== null) {
    const fresh = await renewAccess(used)
    if (fresh !== null) response = await send(path, options, fresh)
  }
  if (!response.ok) throw new ApiError(await refusal(response))
  if (response.status === 204) return null
  const body = await response.text()
  return body === '' ? null : (JSON.parse(body) as unknown)
}

async function send(path: string, options: Call, token: string | null): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
  if (token !== null) headers['authorization'] = `Bearer ${token}`
  const init: RequestInit = { method: options.method ?? 'GET', headers, credentials: 'same-origin', cache: 'no-store' }
  if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  if (options.signal) init.signal = options.signal
  try {
    return await fetch(path, init)
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError(localProblem('offline', 0))
  }
}

/** Reads what a refusing answer says; also the SDP endpoints use it. */
export async function refusal(response: Response): Promise<Problem> {
  let read: Problem
  try {
    read = problem(await response.json(), '')
  } catch {
    // A player whose codecs do not fit is answered with an offer of what there is, not in words.
    const code = response.status === 406 ? 'codec_unsupported' : response.status >= 500 ? 'unavailable' : 'bad_request'
    read = localProblem(code, response.status)
  }
  const after = Number(response.headers.get('retry-after'))
  if (read.retry_after === undefined && Number.isFinite(after) && after > 0) read.retry_after = after
  return read
}

/** The problem behind any error, for showing. */
export function problemOf(error: unknown): Problem {
  return error instanceof ApiError ? error.problem : localProblem('unexpected', 0, String(error))
}
