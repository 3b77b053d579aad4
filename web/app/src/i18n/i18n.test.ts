import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import en from './en'
import { preferred } from './index'
import ko from './ko'

type Tree = { [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : leaves(value, `${path}${key}.`)))
}

describe('the two languages', () => {
  const english = new Map(leaves(en))
  const korean = new Map(leaves(ko))

  it('have the same keys', () => {
    expect([...korean.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('fill in the same values', () => {
    const holes = (text = ''): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
    for (const [key, text] of english) expect([key, holes(korean.get(key))]).toEqual([key, holes(text)])
  })
})

describe('the pages', () => {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
  const asked = names.flatMap((name) => [...readFileSync(`src/${name}`, 'utf8').matchAll(/\bt\('([\w.]+)'/g)].map((match) => match[1] ?? ''))
  const english = new Set(leaves(en).map(([key]) => key))

  it('ask only for words that there are', () => {
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.filter((key) => !english.has(key))).toEqual([])
  })
})

describe('the first language', () => {
  it('is what was chosen, else what the browser prefers', () => {
    expect(preferred('en', ['ko-KR'])).toBe('en')
    expect(preferred(null, ['ko-KR', 'en'])).toBe('ko')
    expect(preferred(null, ['en-GB', 'ko'])).toBe('en')
    expect(preferred('xx', [])).toBe('ko')
  })
})
