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

describe('the first language', () => {
  it('is what was chosen, else what the browser prefers', () => {
    expect(preferred('en', ['ko-KR'])).toBe('en')
    expect(preferred(null, ['ko-KR', 'en'])).toBe('ko')
    expect(preferred(null, ['en-GB', 'ko'])).toBe('en')
    expect(preferred('xx', [])).toBe('ko')
  })
})
