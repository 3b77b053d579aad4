// PortOne's script: asked for once, given up in time, and asked for again.
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { loadPortone } from './sdk'

let asked: HTMLScriptElement[] = []

beforeEach(() => {
  asked = []
  vi.useFakeTimers()
  vi.spyOn(document.head, 'append').mockImplementation((script) => void asked.push(script as HTMLScriptElement))
})
afterEach(() => {
  delete window.PortOne
  vi.restoreAllMocks()
  vi.useRealTimers()
})

it('is asked for once by all who wait for it, and not by those who come later', async () => {
  const both = Promise.all([loadPortone(), loadPortone()])
  expect(asked.map(({ src, async }) => [src, async])).toEqual([['https://cdn.portone.io/v2/browser-sdk.js', true]])
  const sdk = { requestPayment: vi.fn() }
  window.PortOne = sdk
  asked[0]?.onload?.(new Event('load'))
  expect(await both).toEqual([sdk, sdk])
  expect(await loadPortone()).toBe(sdk)
  expect(asked).toHaveLength(1)
})

it('that hangs, breaks or is something else is given up, and asked for again', async () => {
  const endings = [() => vi.advanceTimersByTime(20_000), () => asked[1]?.onerror?.(new Event('error')), () => asked[2]?.onload?.(new Event('load'))]
  for (const [index, end] of endings.entries()) {
    const failed = expect(loadPortone()).rejects.toThrow('does not load')
    expect(asked).toHaveLength(index + 1)
    end()
    await failed
  }
})
