// Ways to the server other than the usual one: IPv6, TCP where no UDP gets through, and ICE
// restarted by the player.
import { networkInterfaces } from 'node:os'
import type { Browser, Page } from '@playwright/test'
import { drawClip, startFfmpeg, startLibdatachannel } from './clients/publisher'
import { type Demo, type DemoOptions, expect, freeTcpPort, openWindow, startDemo, test, until } from './harness'
import { path, picture, play, restart } from './player'
import { Relay } from './relay'

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

/** A demo of its own for one test. */
async function withDemo(options: DemoOptions, body: (demo: Demo) => Promise<void>): Promise<void> {
  const demo = await startDemo(options)
  try {
    await body(demo)
  } catch (error) {
    throw new Error(`${String(error)}\n${demo.log()}`, { cause: error })
  } finally {
    await demo.stop()
  }
}

/** Plays until the picture moves. */
async function playing(browser: Browser, demo: Demo, { tcp = false } = {}): Promise<{ page: Page; ms: number; close: () => Promise<void> }> {
  const { context, page } = await openWindow(browser, { width: 800, height: 600 })
  // A publisher that has just been started needs its time.
  await expect(async () => play(page, demo, null, { tcp })).toPass({ timeout: 30_000 })
  const { ms } = await until(() => picture(page), (now) => now.framesDecoded > 30, 60_000)
  return { page, ms, close: () => context.close() }
}

test('ICE restarted by the player goes on where it was', async ({ demo, browser }) => {
  const relay = new Relay(15)
  const { context, page } = await openWindow(browser, { width: 800, height: 600 })
  await play(page, demo, relay)
  await until(() => picture(page), (now) => now.framesDecoded > 30)
  for (let round = 0; round < 2; round += 1) {
    const { before, after } = await restart(page)
    for (const side of [0, 1]) expect(after[side]).not.toBe(before[side])
    // Under the new credentials, from another place.
    relay.rebind()
    const { framesDecoded } = await picture(page)
    const back = await until(() => picture(page), (now) => now.framesDecoded > framesDecoded + 30, 60_000)
    console.log(`thirty pictures ${back.ms} ms after the restart`)
    expect(back.value.state).toBe('connected')
  }
  await context.close()
  relay.close()
})

test('where no UDP gets through the picture comes by TCP', async ({ browser }) => {
  const port = await freeTcpPort()
  await withDemo({ env: { SOUK_MEDIA__TCP_PORT: String(port) } }, async (demo) => {
    const viewer = await playing(browser, demo, { tcp: true })
    expect(await path(viewer.page)).toEqual({ remote: '127.0.0.1', protocol: 'tcp' })
    const { framesDecoded } = await picture(viewer.page)
    await until(() => picture(viewer.page), (now) => now.framesDecoded > framesDecoded + 60, 60_000)
    console.log(`thirty pictures by TCP after ${viewer.ms} ms`)
    await viewer.close()
  })
})

for (const who of ['FFmpeg', 'libdatachannel']) {
  test(`${who} publishes and Chromium plays over IPv6`, async ({ browser }) => {
    test.skip(!hasIpv6, 'this machine has no IPv6')
    const options = { flags: ['--no-broadcast', '--media-address', '::1'], env: { SOUK_MEDIA__BIND: '::1' } }
    await withDemo(options, async (demo) => {
      const publisher = who === 'FFmpeg' ? startFfmpeg(demo.ready, 640, 360) : startLibdatachannel(demo.ready, drawClip(demo.folder, 480, 270))
      try {
        const viewer = await playing(browser, demo)
        expect(await path(viewer.page)).toEqual({ remote: '::1', protocol: 'udp' })
        await viewer.close()
      } catch (error) {
        throw new Error(`${String(error)}\n${publisher.log()}`, { cause: error })
      } finally {
        await publisher.stop()
      }
    })
  })
}
