// Simulcast from Chromium and from a twin of OBS, and viewers on networks of different width: each
// sees the layer that its network carries. How wide the networks are follows from what the layers
// turn out to cost.
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { drawClip, startLibdatachannel } from './clients/publisher'
import { type Demo, expect, openWindow, test, until } from './harness'
import { layerBitrates, picture, play, publish } from './player'
import { Relay } from './relay'

test.use({ demoOptions: { flags: ['--no-broadcast'], env: { SPEC: 'layers' } } })

const SIZE = { width: 960, height: 540 }
const LAYERS = [
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_600_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 400_000 },
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 100_000 },
]
/** What sound and headers take of a network beside the video, kbit/s. */
const BESIDE_KBPS = 60
/** Reads, one a second, for which layers have to stay the same. */
const STEADY = 5

interface Viewer {
  relay: Relay
  context: BrowserContext
  page: Page
}

/** A viewer behind a network that carries so many kbit/s; null is no limit. */
async function view(browser: Browser, demo: Demo, rateKbps: number | null): Promise<Viewer> {
  const relay = new Relay(13)
  narrow(relay, rateKbps)
  const { context, page } = await openWindow(browser, { width: 800, height: 600 })
  await play(page, demo, relay)
  return { relay, context, page }
}

function narrow(relay: Relay, rateKbps: number | null): void {
  relay.set(rateKbps === null ? {} : { down: { rateKbps, delayMs: 10 } })
}

const second = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000))

/** Waits for layers of which each costs twice what the next one does; returns their kbit/s. */
async function ladder(demo: Demo, count: number): Promise<number[]> {
  const token = await demo.token(demo.account('admin'))
  const seen: number[][] = []
  const apart = (rates: number[]): boolean =>
    rates.length === count && rates.every((rate, at) => rate > 40_000 && (at === 0 || 2 * rate < (rates[at - 1] ?? 0)))
  const read = async (): Promise<number[][]> => {
    await second()
    seen.push(await layerBitrates(demo, token))
    return seen.slice(-STEADY)
  }
  const { value } = await until(read, (last) => last.length === STEADY && last.every(apart), 90_000)
  const mean = (at: number): number => value.reduce((sum, rates) => sum + (rates[at] ?? 0), 0) / STEADY / 1000
  return value[0]?.map((_, at) => Math.round(mean(at))) ?? []
}

/** A network between two layers, kbit/s. */
function between(above: number | undefined, below: number | undefined): number {
  return Math.round(Math.sqrt((above ?? 0) * (below ?? 0))) + BESIDE_KBPS
}

/** Waits until each viewer sees exactly the height at its place, and keeps it; says how long that took. */
async function settled(viewers: Viewer[], heights: number[], withinMs: number): Promise<number> {
  let steady = 0
  const seen: string[] = []
  const read = async (): Promise<number[]> => {
    await second()
    return Promise.all(viewers.map(async ({ page }) => (await picture(page)).height))
  }
  const same = (now: number[]): boolean => {
    seen.push(String(now))
    steady = String(now) === String(heights) ? steady + 1 : 0
    return steady >= STEADY
  }
  const { ms } = await until(read, same, withinMs).catch((error: unknown) => {
    throw new Error(`the heights were ${seen.join(' ')}`, { cause: error })
  })
  return ms - STEADY * 1000
}

async function close(viewers: Viewer[]): Promise<void> {
  for (const { relay, context } of viewers) {
    await context.close()
    relay.close()
  }
}

test('three networks, three layers of Chromium', async ({ demo, browser }) => {
  test.setTimeout(300_000)
  const host = await openWindow(browser, { width: 800, height: 600 })
  await publish(host.page, demo, SIZE, LAYERS)
  const [top, middle, low] = await ladder(demo, 3)
  const rates = [null, between(top, middle), between(middle, low)]
  const viewers: Viewer[] = []
  for (const rateKbps of rates) viewers.push(await view(browser, demo, rateKbps))
  const ms = await settled(viewers, [540, 270, 135], 150_000)
  console.log(`three layers after ${ms} ms: ${top}, ${middle} and ${low} kbit/s, networks ${rates.join(', ')} kbit/s`)
  await close(viewers)
  await host.context.close()
})

test('a network that gets narrow and wide again', async ({ demo, browser }) => {
  test.setTimeout(300_000)
  const host = await openWindow(browser, { width: 800, height: 600 })
  await publish(host.page, demo, SIZE, LAYERS)
  const [top, middle] = await ladder(demo, 3)
  const viewer = await view(browser, demo, 4000)
  await settled([viewer], [540], 60_000)
  const look = (): ReturnType<typeof picture> => picture(viewer.page)

  const before = await look()
  narrow(viewer.relay, 500)
  const down = await until(look, (now) => now.height > 0 && now.height < 540, 60_000)
  // The picture has to be steady again before one may say how long it was not.
  await settled([viewer], [270], 60_000)
  const after = await look()
  narrow(viewer.relay, 4000)
  const up = await until(look, (now) => now.height === 540, 120_000)
  const frozenMs = Math.round(1000 * (after.frozenSeconds - before.frozenSeconds))
  console.log(
    `layers of ${top} and ${middle} kbit/s, 4 Mbit/s to 500 kbit/s: lower layer after ${down.ms} ms, ` +
      `frozen for ${frozenMs} ms in ${after.freezes - before.freezes} times; up again ${up.ms} ms after 4 Mbit/s were back`,
  )
  // The figures are for people: 5, 2 and 15 seconds. A machine that is busy takes longer.
  expect(frozenMs).toBeLessThan(15_000)
  expect(after.framesDecoded).toBeGreaterThan(before.framesDecoded)
  await close([viewer])
  await host.context.close()
})

test('two networks, two layers of a twin of OBS', async ({ demo, browser }) => {
  test.setTimeout(300_000)
  const clips = [[540, 1600], [270, 400], [90, 100]].map(([height = 0, kbps]) => drawClip(demo.folder, (height * 16) / 9, height, kbps))
  const [highest, ...lower] = clips
  if (!highest) throw new Error('no clip')
  const publisher = startLibdatachannel(demo.ready, highest, lower.map(({ video }) => video))
  try {
    const [top, middle] = await ladder(demo, 3)
    const rates = [null, between(top, middle)]
    const viewers: Viewer[] = []
    for (const rateKbps of rates) viewers.push(await view(browser, demo, rateKbps))
    const ms = await settled(viewers, [540, 270], 150_000)
    // Who has the best layer and room for it has no reason to leave it.
    for (let read = 0; read < 15; read += 1) {
      await second()
      expect((await picture(viewers[0]?.page as Page)).height).toBe(540)
    }
    console.log(`two layers after ${ms} ms: ${top} and ${middle} kbit/s, networks ${rates.join(', ')} kbit/s`)
    await close(viewers)
  } catch (error) {
    throw new Error(`${String(error)}\n${publisher.log()}`, { cause: error })
  } finally {
    await publisher.stop()
  }
})
