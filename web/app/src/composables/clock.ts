// A time that moves: re-reads `now` a few times a second while somebody looks.
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

export function useNow(now: () => number = Date.now, everyMs = 250): Readonly<Ref<number>> {
  const value = ref(now())
  const timer = setInterval(() => {
    value.value = now()
  }, everyMs)
  onScopeDispose(() => clearInterval(timer))
  return readonly(value)
}

/** `04:58` of a span; never below zero. */
export function minutes(spanMs: number): string {
  const seconds = Math.max(0, Math.ceil(spanMs / 1000))
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}
