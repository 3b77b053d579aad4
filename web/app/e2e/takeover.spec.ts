// A publisher from outside takes the stream over from the demo's loop, and gives it back: the
// viewer's peer connection stays the same object throughout, and its picture returns each time.
// Every publisher sends a picture of its own size, so that the viewer can tell whose it sees.
import type { Page } from '@playwright/test'
import { type Publisher, drawClip, startFfmpeg, startLibdatachannel } from './clients/publisher'
import { type Demo, decoded, expect, test, until, watchPeers } from './harness'

/** The loop's clip (web/server/demo). */
const LOOP_WIDTH = 540
/** The loop comes back this long after the other publisher has left, and then needs to join. */
const LOOP_BACK_MS = 30_000
const TAKEOVER_MS = 20_000

interface Seen {
  width: number
  frames: number
  audioSamples: number
}

async function seen(page: Page): Promise<Seen> {
  const { width, framesDecoded, audioSamples } = await decoded(page)
  return { width, frames: framesDecoded, audioSamples }
}

/** Keeps the one peer connection of the page, to compare it later. */
async function hold(page: Page): Promise<void> {
  const connections = await page.evaluate(() => {
    const state = window as unknown as { soukPeers: RTCPeerConnection[]; held?: RTCPeerConnection }
    state.held = state.soukPeers[0]
    return state.soukPeers.length
  })
  expect(connections).toBe(1)
}

/** The page never made another peer connection, and the first one is in order. */
async function expectSame(page: Page): Promise<void> {
  const same = await page.evaluate(() => {
    const state = window as unknown as { soukPeers: RTCPeerConnection[]; held?: RTCPeerConnection }
    return { count: state.soukPeers.length, same: state.soukPeers[0] === state.held, state: state.held?.connectionState }
  })
  expect(same).toEqual({ count: 1, same: true, state: 'connected' })
}

/** Waits for a picture of this width that moves, with sound; returns the time it took to appear. */
async function pictureOf(page: Page, width: number, withinMs: number, who: () => string): Promise<number> {
  try {
    const { value, ms } = await until(() => seen(page), (now) => now.width === width, withinMs)
    const moves = (now: Seen): boolean => now.width === width && now.frames > value.frames + 15 && now.audioSamples > value.audioSamples + 12_000
    await until(() => seen(page), moves, 10_000)
    return ms
  } catch (error) {
    throw new Error(`no picture ${width} wide: ${String(error)}\n${who()}`, { cause: error })
  }
}

/** What the page shows is the picture that was decoded. */
async function expectShown(page: Page, width: number): Promise<void> {
  await expect.poll(() => page.locator('video').first().evaluate((video: HTMLVideoElement) => video.videoWidth)).toBe(width)
}

async function takeOver(page: Page, demo: Demo, width: number, start: () => Publisher): Promise<void> {
  await watchPeers(page)
  await page.goto(demo.ready.watch_url)
  await pictureOf(page, LOOP_WIDTH, 30_000, () => demo.log())
  await hold(page)

  const publisher = start()
  try {
    const taken = await pictureOf(page, width, TAKEOVER_MS, () => publisher.log())
    console.log(`${publisher.name}: its picture ${taken} ms after it was started`)
    await expectSame(page)
    await expectShown(page, width)
    expect(publisher.running()).toBe(true)
  } finally {
    await publisher.stop()
  }

  const back = await pictureOf(page, LOOP_WIDTH, LOOP_BACK_MS, () => demo.log())
  console.log(`${publisher.name}: the loop's picture ${back} ms after it left`)
  await expectSame(page)
  await expectShown(page, LOOP_WIDTH)
}

test('FFmpeg takes the stream over, and the loop comes back', async ({ page, demo }) => {
  await takeOver(page, demo, 640, () => startFfmpeg(demo.ready, 640, 360))
})

test('libdatachannel takes the stream over, and the loop comes back', async ({ page, demo }) => {
  const clip = drawClip(demo.folder, 480, 270)
  await takeOver(page, demo, 480, () => startLibdatachannel(demo.ready, clip))
})

test('a wrong key takes nothing over', async ({ page, demo }) => {
  await watchPeers(page)
  await page.goto(demo.ready.watch_url)
  await pictureOf(page, LOOP_WIDTH, 30_000, () => demo.log())
  await hold(page)
  const clip = drawClip(demo.folder, 480, 270)
  const stranger = startLibdatachannel({ ...demo.ready, stream_key: 'sk_nobody_has_this_key' }, clip)
  try {
    await expect.poll(() => stranger.running(), { timeout: 15_000 }).toBe(false)
    expect(stranger.log()).toContain('refused: 401')
    const before = await seen(page)
    await until(() => seen(page), (now) => now.width === LOOP_WIDTH && now.frames > before.frames + 15, 10_000)
    await expectSame(page)
  } finally {
    await stranger.stop()
  }
})
