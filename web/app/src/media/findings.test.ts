import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import en from '@/i18n/en'
import { rate, sentence } from './findings'

describe('sentence', () => {
  it('shows the numbers in the units of its sentence', () => {
    expect(sentence({ code: 'keyframe_interval_long', layer: 0, seen: 8333, wanted: 2000 })).toEqual({
      key: 'lint.keyframe_interval_long',
      values: { seen: 8.3, wanted: 2, layer: 1 },
    })
    expect(sentence({ code: 'packet_loss', layer: 2, seen: 57, wanted: 20 }).values).toEqual({ seen: 5.7, wanted: 2, layer: 3 })
    expect(sentence({ code: 'clock_drift', layer: 0, seen: -1500, wanted: 0 }).values['seen']).toBe(1500)
  })

  it('exists for every code of the wire, and for those to come', () => {
    const told = readFileSync('../../docs/WIRE.md', 'utf8').split('## What the host is told')[1]?.split('## Who speaks')[0] ?? ''
    const rows = told.split('\n').filter((line) => line.startsWith('| `') && !line.includes('`code`'))
    const codes = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ''))
    expect(codes).toHaveLength(12)
    for (const code of codes) {
      expect(sentence({ code, layer: 0, seen: 1, wanted: 1 }).key).toBe(`lint.${code}`)
      expect(Object.keys(en.lint)).toContain(code)
    }
    expect(sentence({ code: 'too_dark', layer: 0, seen: 1, wanted: 1 })).toEqual({ key: 'lint.other', values: { code: 'too_dark' } })
  })
})

describe('rate', () => {
  it('changes its unit at a million bits', () => {
    expect(rate(2_449_000)).toEqual({ key: 'studio.mbits', values: { n: '2.4' } })
    expect(rate(63_400)).toEqual({ key: 'studio.kbits', values: { n: '63' } })
  })
})
