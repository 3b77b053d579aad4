// A button's work: one run at a time, and what went wrong is kept for showing.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { problemOf } from '@/api/http'
import type { Problem } from '@/wire/problem'

export interface Action<A extends unknown[]> {
  busy: Ref<boolean>
  problem: ShallowRef<Problem | null>
  run(...args: A): Promise<boolean>
}

/** `run` resolves to whether `work` succeeded. */
export function useAction<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Action<A> {
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  async function run(...args: A): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = null
    try {
      await work(...args)
      return true
    } catch (error) {
      problem.value = problemOf(error)
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, run }
}
