// AV1 with the dependency descriptor from Chromium: one stream whose layers are taken away for a
// viewer on a narrow network, and given back.
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { type Demo, expect, openWindow, test, until } from './harness'
import { layerBitrates, type Picture, picture, play, publishScalable } from './player'
import { Relay } from './relay'

test.use({ demoOptions: { flags: ['--no-broadcast'], env: { SPEC: 'scalable' } } })

/** Small: the encoder is software, and there is much else to do. Below 480 x 270 there is one size only. */
const MODES = [
  { mode: 'L1T3', size: { width: 320, height: 180 }, maxBitrate: 400_000, bareHeight: 180 },
  // Chromium shows several sizes in one stream only with the description; without it, it gets one.
  { mode: 'L3T3_KEY', size: { width: 640, height: 360 }, maxBitrate: 800_000, bareHeight: 180 },
]
const WINDOW_MS = 4000

interface Viewer {
  relay: Relay
  context: BrowserContext
  page: Page
}

/** What a viewer saw in a while. */
interface Seen {
  frames: number
  height: number
  nacks: number
  plis: number
}

async function view(browser: Browser, demo: Demo, descriptor: boolean): Promise<Viewer> {
  const relay = new Relay(19)
  const { context, page } = await openWindow(browser, { width: 400, height: 300 })
  await expect(async () => play(page, demo, relay, { descriptor })).toPass({ timeout: 60_000 })
  await until(() => picture(page), (now) => now.framesDecoded > 10, 60_000)
  return { relay, context, page }
}

/** What the viewers see during the same while. */
async function watch(viewers: Viewer[]): Promise<Seen[]> {
  const look = (): Promise<Picture[]> => Promise.all(viewers.map(({ page }) => picture(page)))
  const before = await look()
  await new Promise((resolve) => setTimeout(resolve, WINDOW_MS))
  const after = await look()
  return after.map(({ framesDecoded, height, nacks, plis }, at) => {
    const then = before[at]
    return { frames: framesDecoded - (then?.framesDecoded ?? 0), height, nacks: nacks - (then?.nacks ?? 0), plis: plis - (then?.plis ?? 0) }
  })
}

/** The bitrate of the publisher's video, kbit/s. */
async function bitrate(demo: Demo): Promise<number> {
  const token = await demo.token(demo.account('admin'))
  const read = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return (await layerBitrates(demo, token))[0] ?? 0
  }
  const rates: number[] = []
  await until(read, (rate) => rates.push(rate) >= 12 && rate > 30_000, 90_000)
  const last = rates.slice(-4)
  return last.reduce((sum, rate) => sum + rate, 0) / last.length / 1000
}

for (const { mode, size, maxBitrate, bareHeight } of MODES) {
  test(`${mode}: a narrow network gets fewer layers, and the picture goes on`, async ({ demo, browser }) => {
    test.setTimeout(300_000)
    const host = await openWindow(browser, { width: 400, height: 300 })
    const described = await publishScalable(host.page, demo, size, mode, maxBitrate)
    expect(described).toEqual({ offered: true, answered: true, codec: 'AV1' })
    const narrow = await view(browser, demo, true)
    const viewers = [narrow, await view(browser, demo, true), await view(browser, demo, false)]
    const whole = await bitrate(demo)
    console.log(mode, Math.round(whole), 'kbit/s:', JSON.stringify(await watch(viewers)))

    const fewer = ([thin, wide]: Seen[]): boolean =>
      wide !== undefined && thin !== undefined && thin.frames > 0 && (thin.height < wide.height || thin.frames < 0.8 * wide.frames)
    narrow.relay.set({ down: { rateKbps: Math.round(0.8 * whole), delayMs: 10 } })
    const less = await until(() => watch(viewers), fewer, 90_000)
    console.log(`fewer layers after ${less.ms} ms:`, JSON.stringify(less.value))
    const kept = [await watch(viewers), await watch(viewers), await watch(viewers)]
    console.log(kept.map((seen) => JSON.stringify(seen)).join('\n'))
    for (const at of viewers.keys()) expect(kept.reduce((sum, seen) => sum + (seen[at]?.frames ?? 0), 0)).toBeGreaterThan(0)

    for (const seen of kept) expect(seen[2]?.height).toBe(bareHeight)

    narrow.relay.set({})
    const all = ([thin, wide]: Seen[]): boolean =>
      wide !== undefined && thin !== undefined && thin.height === wide.height && thin.frames > 0.8 * wide.frames
    const more = await until(() => watch(viewers), all, 120_000)
    console.log(`all layers again after ${more.ms} ms:`, JSON.stringify(more.value))
    for (const { context, relay } of viewers) {
      await context.close()
      relay.close()
    }
    await host.context.close()
  })
}
