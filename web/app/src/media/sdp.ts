// Small changes to the browser's own offers.

/** Asks for stereo Opus; without it Chromium mixes both channels down to one. */
export function wantStereo(offer: string): string {
  const payload = /a=rtpmap:(\d+) opus\/48000\/2/i.exec(offer)?.[1]
  if (!payload) return offer
  return offer.replace(new RegExp(`(a=fmtp:${payload} [^\\r\\n]*)`), (line) =>
    line.includes('stereo=') ? line : `${line};stereo=1;sprop-stereo=1`,
  )
}
