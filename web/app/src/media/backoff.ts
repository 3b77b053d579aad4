// When to try again after a failure: doubling from half a second to 15 seconds, each delay drawn
// between half and whole so that viewers of one broadcast do not return in step.

export const FIRST_MS = 500
export const LONGEST_MS = 15_000

/** Delay before attempt `attempt` (0 is the first repeat); `random` is in [0, 1). */
export function backoff(attempt: number, random: number = Math.random()): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16))
  return Math.round(whole * (0.5 + random / 2))
}
