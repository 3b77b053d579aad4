// Which browser the end-to-end tests drive, and how it is started.
import { existsSync } from 'node:fs'

/** A fake camera and microphone, sound without a tap, and nothing that calls home. */
export const CHROMIUM_FLAGS = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** The browser's binary; throws when there is none, because the tests mean nothing without it. */
export function chromiumPath(): string {
  const named = process.env['CHROMIUM_BIN']
  const candidates = named ? [named] : ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const found = candidates.find((path) => existsSync(path))
  if (!found) throw new Error(`no Chromium at ${candidates.join(', ')}: install the package chromium or set CHROMIUM_BIN`)
  return found
}
