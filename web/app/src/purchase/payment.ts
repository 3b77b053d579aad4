// Pays an order that is held: the provider's window (the sandbox's, here), then confirmation by
// the server, which alone decides whether the money arrived. An unknown outcome is asked again
// until it is known.
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { problemOf } from '@/api/http'
import { answerSandbox, confirmPayment, getOrder } from '@/api/orders'
import type { Problem } from '@/wire/problem'
import type { Order } from '@/wire/shop'

export type PaymentStep = 'window' | 'confirming' | 'unknown'

const ASK_MS = 1500

export interface Payment {
  step: Ref<PaymentStep>
  problem: Ref<Problem | null>
  /** The buyer's answer in the provider's window. */
  answer(approve: boolean): Promise<void>
  /** Asks the server how the order stands. */
  refresh(): Promise<void>
}

/** `order` is what is paid; `update` takes each newer state of it. */
export function usePayment(order: Ref<Order | null>, update: (order: Order) => void): Payment {
  const step = ref<PaymentStep>('window')
  const problem = ref<Problem | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  async function answer(approve: boolean): Promise<void> {
    const held = order.value
    if (!held || step.value !== 'window') return
    step.value = 'confirming'
    problem.value = null
    try {
      const token = await answerSandbox(held.payment.id, approve)
      take(await confirmPayment(held.payment.id, token))
    } catch (error) {
      const refused = problemOf(error)
      if (refused.status >= 500 || refused.status === 0) return askAgain()
      problem.value = refused
      step.value = 'window'
      await refresh()
    }
  }

  function take(fresh: Order): void {
    update(fresh)
    if (fresh.status === 'pending_payment' && fresh.payment_status === 'pending') askAgain()
    else step.value = 'window'
  }

  function askAgain(): void {
    if (over) return
    step.value = 'unknown'
    clearTimeout(timer)
    timer = setTimeout(() => void refresh(), ASK_MS)
  }

  async function refresh(): Promise<void> {
    const held = order.value
    if (!held || over) return
    try {
      const fresh = await getOrder(held.id)
      if (step.value === 'unknown') take(fresh)
      else update(fresh)
    } catch {
      if (step.value === 'unknown') askAgain()
    }
  }

  // A receipt may come by the room before the page's own question is answered.
  watch(order, (now) => {
    if (now && now.status !== 'pending_payment') {
      clearTimeout(timer)
      step.value = 'window'
    }
  })
  onScopeDispose(() => {
    over = true
    clearTimeout(timer)
  })
  return { step, problem, answer, refresh }
}
