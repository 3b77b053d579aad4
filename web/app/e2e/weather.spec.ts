// Viewers behind networks that lose, delay, and change their address, by a relay of our own.
import type { Browser } from '@playwright/test'
import { type Demo, expect, openWindow, test, until } from './harness'
import { type Picture, picture, play } from './player'
import { Relay } from './relay'

test.use({ demoOptions: { env: { SPEC: 'weather' } } })

/** Times of which the one in the middle counts: a machine that is busy for a moment is no loss. */
const WINDOWS = 5
const WINDOW_MS = 4000

/** What happened from one look to the next: the frozen share of the time, and what was asked for. */
function between(before: Picture, after: Picture, ms: number): { share: number; nacks: number; plis: number; frames: number } {
  return {
    share: (after.frozenSeconds - before.frozenSeconds) / (ms / 1000),
    nacks: after.nacks - before.nacks,
    plis: after.plis - before.plis,
    frames: after.framesDecoded - before.framesDecoded,
  }
}

/** A viewer that has a picture, and then the weather. */
async function inTheRain(browser: Browser, demo: Demo, repairs: boolean): Promise<{ look: () => Promise<Picture>; relay: Relay; close: () => Promise<void> }> {
  const relay = new Relay(12)
  const { context, page } = await openWindow(browser, { width: 800, height: 600 })
  await play(page, demo, relay, { repairs })
  await until(() => picture(page), (now) => now.framesDecoded > 30)
  relay.set({ up: { jitterMs: 50 }, down: { loss: 0.1, jitterMs: 50 } })
  const close = async (): Promise<void> => {
    await context.close()
    relay.close()
  }
  return { look: () => picture(page), relay, close }
}

test('with a tenth of the packets lost and 50 ms of jitter the picture hardly freezes', async ({ demo, browser }) => {
  const viewer = await inTheRain(browser, demo, true)
  const control = await inTheRain(browser, demo, false)
  // The players' buffers grow to what the network asks for.
  await new Promise((resolve) => setTimeout(resolve, 4000))
  const looks = [await viewer.look()]
  const before = await control.look()
  const began = performance.now()
  const shares: number[] = []
  for (let window = 0; window < WINDOWS; window += 1) {
    const start = performance.now()
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
    looks.push(await viewer.look())
    shares.push(between(looks[window] as Picture, looks[window + 1] as Picture, performance.now() - start).share)
  }
  const ms = performance.now() - began
  const whole = between(looks[0] as Picture, looks[WINDOWS] as Picture, ms)
  const without = between(before, await control.look(), ms)
  const { lost, carried } = viewer.relay.carried().down
  const percent = (share: number): string => (100 * share).toFixed(1)
  console.log(
    `lost ${percent(lost / carried)} %: frozen ${percent(whole.share)} % of the time (${shares.map(percent).join(', ')}), ` +
      `${whole.frames} frames, ${whole.nacks} NACK, ${whole.plis} PLI; without repair ${percent(without.share)} %, ${without.plis} PLI`,
  )
  shares.sort((one, two) => one - two)
  expect(lost / carried).toBeGreaterThan(0.05)
  // The figure is for people, on a machine with nothing else to do: five percent. What holds on any
  // machine is how much the repairs are worth.
  expect(shares[Math.floor(WINDOWS / 2)]).toBeLessThan(0.25)
  expect(without.share).toBeGreaterThan(2 * whole.share)
  await viewer.close()
  await control.close()
})

test('the picture follows a viewer whose address changes', async ({ demo, browser }) => {
  const relay = new Relay(14)
  const { context, page } = await openWindow(browser, { width: 800, height: 600 })
  await play(page, demo, relay)
  const { value } = await until(() => picture(page), (now) => now.framesDecoded > 60)
  relay.rebind()
  const decodedBefore = (await picture(page)).framesDecoded
  const back = await until(() => picture(page), (now) => now.framesDecoded > decodedBefore + 10)
  console.log(`ten pictures ${back.ms} ms after the new address, from frame ${decodedBefore}`)
  expect(value.state).toBe('connected')
  expect(back.value.state).toBe('connected')
  await context.close()
  relay.close()
})
