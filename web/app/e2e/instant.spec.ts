// The first picture of a viewer that joins between two keyframes of a source that has one every
// 8.3 seconds and answers no request for another: FFmpeg as OBS sends by default.
import { startFfmpeg } from './clients/publisher'
import { expect, openWindow, test, until } from './harness'
import { picture, play } from './player'

test.use({ demoOptions: { flags: ['--no-broadcast'], env: { SPEC: 'instant' } } })

const JOINS = 5
/** A keyframe would come this often; without the cache a join takes half of it on average. */
const GOP_SECONDS = 250 / 30

test('joins do not wait for the next keyframe', async ({ demo, browser }) => {
  const publisher = startFfmpeg(demo.ready, 640, 360, { gop: 250 })
  try {
    // The first join waits until the stream is on air at all.
    const first = await openWindow(browser, { width: 800, height: 600 })
    await expect(async () => play(first.page, demo)).toPass({ timeout: 30_000 })
    await until(() => picture(first.page), (now) => now.framesDecoded > 30)
    const times: number[] = []
    for (let join = 0; join < JOINS; join += 1) {
      const { context, page } = await openWindow(browser, { width: 800, height: 600 })
      await play(page, demo)
      const { value } = await until(() => picture(page), (now) => now.firstMs !== null)
      times.push(Math.round(value.firstMs ?? 0))
      await until(() => picture(page), (now) => now.framesDecoded > value.framesDecoded + 30)
      await context.close()
    }
    times.sort((one, two) => one - two)
    console.log(`from POST to the first picture: ${times.join(', ')} ms, with a keyframe every ${GOP_SECONDS.toFixed(1)} s`)
    // Five joins that had to wait would take 4 s in the middle.
    expect(times[Math.floor(JOINS / 2)]).toBeLessThan((GOP_SECONDS * 1000) / 4)
    await first.context.close()
  } finally {
    await publisher.stop()
  }
})
