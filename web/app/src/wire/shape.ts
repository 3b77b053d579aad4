// Readers of untrusted JSON: a shape takes a value and returns a typed copy, or throws with the
// path of what is wrong. Copies hold known fields only, so nothing unexpected reaches the page.

/** Reads a value of type `T`, or throws `ShapeError`. */
export type Shape<T> = (value: unknown, path: string) => T

/** The type that a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never

/** A value is not what its shape asks for. */
export class ShapeError extends Error {
  constructor(path: string, wanted: string) {
    super(`${path || '/'}: expected ${wanted}`)
    this.name = 'ShapeError'
  }
}

export const text: Shape<string> = (value, path) => {
  if (typeof value !== 'string') throw new ShapeError(path, 'text')
  return value
}

export const flag: Shape<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new ShapeError(path, 'true or false')
  return value
}

/** A whole number that JavaScript holds exactly. */
export const whole: Shape<number> = (value, path) => {
  if (!Number.isSafeInteger(value)) throw new ShapeError(path, 'a whole number')
  return value as number
}

/** A whole number, 0 and up. */
export const count: Shape<number> = (value, path) => {
  const read = whole(value, path)
  if (read < 0) throw new ShapeError(path, 'a number from 0 up')
  return read
}

/** A part of 1. */
export const part: Shape<number> = (value, path) => {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw new ShapeError(path, 'a number from 0 to 1')
  return value
}

/** One of the given words. */
export const word =
  <const W extends readonly string[]>(...words: W): Shape<W[number]> =>
  (value, path) => {
    if (!words.includes(value as string)) throw new ShapeError(path, words.join(' | '))
    return value as W[number]
  }

export const list =
  <T>(item: Shape<T>): Shape<T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(path, 'a list')
    return value.map((each, index) => item(each, `${path}/${index}`))
  }

export const nullable =
  <T>(inner: Shape<T>): Shape<T | null> =>
  (value, path) =>
    value === null ? null : inner(value, path)

/** A field that may be absent. */
export const optional = <T>(inner: Shape<T>): Optional<T> => ({ optional: inner })

interface Optional<T> {
  optional: Shape<T>
}

type Field = Shape<unknown> | Optional<unknown>
type Required<F> = { [K in keyof F as F[K] extends Optional<unknown> ? never : K]: F[K] extends Shape<infer T> ? T : never }
type Possible<F> = { [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer T> ? T : never }
type Fields<F> = { [K in keyof (Required<F> & Possible<F>)]: (Required<F> & Possible<F>)[K] }

/** An object with the given fields; others are dropped. */
export const record =
  <F extends Record<string, Field>>(fields: F): Shape<Fields<F>> =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeError(path, 'an object')
    const source = value as Record<string, unknown>
    const copy: Record<string, unknown> = {}
    for (const [name, field] of Object.entries(fields)) {
      const here = `${path}/${name}`
      if (typeof field === 'function') copy[name] = field(source[name], here)
      else if (source[name] !== undefined && source[name] !== null) copy[name] = field.optional(source[name], here)
    }
    return copy as Fields<F>
  }
