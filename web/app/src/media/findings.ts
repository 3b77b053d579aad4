// What the server found about the encoder's signal, as numbers that a sentence can hold.
import type { Finding } from '@/wire/control'

const round = (value: number): number => Math.round(value * 10) / 10
const asIs = (value: number): number => value
const seconds = (ms: number): number => round(ms / 1000)
const percent = (thousandths: number): number => round(thousandths / 10)

/** Codes that there is a sentence for, with the unit that its numbers are shown in. */
const UNITS: Record<string, (value: number) => number> = {
  keyframe_interval_long: seconds,
  no_keyframes: seconds,
  b_frames: asIs,
  profile_mismatch: asIs,
  rtx_missing: percent,
  layer_missing: asIs,
  layer_ladder: asIs,
  clock_drift: Math.abs,
  audio_missing: asIs,
  video_missing: asIs,
  packet_loss: percent,
  bitrate_high: (kbits) => round(kbits / 1000),
}

/** The key of a finding's sentence and what fills it in. */
export function sentence(finding: Finding): { key: string; values: Record<string, string | number> } {
  const unit = UNITS[finding.code]
  if (!unit) return { key: 'lint.other', values: { code: finding.code } }
  const values = { seen: unit(finding.seen), wanted: unit(finding.wanted), layer: finding.layer + 1 }
  return { key: `lint.${finding.code}`, values }
}

/** A rate with its unit: the key of its words and the number. */
export function rate(bits: number): { key: string; values: { n: string } } {
  if (bits >= 1e6) return { key: 'studio.mbits', values: { n: (bits / 1e6).toFixed(1) } }
  return { key: 'studio.kbits', values: { n: Math.round(bits / 1000).toString() } }
}
