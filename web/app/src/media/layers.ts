// Which encodings a browser publishes: up to three sizes of one picture, so that every viewer's
// network finds one that it carries.

/** Bits a second of a 720p picture. */
const WHOLE_RATE = 2_500_000
const RIDS = ['q', 'h', 'f']

export interface Encoding {
  rid: string
  maxBitrate: number
  scaleResolutionDownBy: number
}

/** Encodings for a picture of this height, smallest first; the smallest is never below 180 lines. */
export function encodings(height: number): Encoding[] {
  const count = height >= 720 ? 3 : height >= 360 ? 2 : 1
  return RIDS.slice(-count).map((rid, index) => {
    const scale = 2 ** (count - 1 - index)
    // Detail costs less than its share of the area.
    return { rid, scaleResolutionDownBy: scale, maxBitrate: Math.round(rate(height) / scale ** 1.75) }
  })
}

function rate(height: number): number {
  return Math.min(WHOLE_RATE, Math.max(400_000, WHOLE_RATE * (height / 720)))
}
