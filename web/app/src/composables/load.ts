// Loads something for a page and keeps its three honest states: loading, there, failed.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { problemOf } from '@/api/http'
import type { Problem } from '@/wire/problem'

export interface Loaded<T> {
  value: ShallowRef<T | null>
  problem: ShallowRef<Problem | null>
  loading: Ref<boolean>
  /** Loads (again). What was there stays while it runs and when it fails. */
  load(): Promise<void>
}

/** `everyMs` repeats the load while the page is visible. */
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, everyMs = 0): Loaded<T> {
  const value = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)
  const abort = new AbortController()

  async function load(): Promise<void> {
    loading.value = true
    try {
      value.value = await read(abort.signal)
      problem.value = null
    } catch (error) {
      if (!abort.signal.aborted) problem.value = problemOf(error)
    } finally {
      loading.value = false
    }
  }

  const timer = everyMs > 0 ? setInterval(() => document.visibilityState === 'visible' && void load(), everyMs) : undefined
  onScopeDispose(() => {
    abort.abort()
    clearInterval(timer)
  })
  void load()
  return { value, problem, loading, load }
}
