// Pays an order that is held: the provider's window, then confirmation by the server, which alone
// decides whether the money arrived. An unknown outcome is asked again until it is known.
import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { problemOf } from '@/api/http'
import { answerSandbox, confirmPayment, getOrder, preparePayment, type Prepared } from '@/api/orders'
import { newKey } from '@/composables/key'
import { localProblem, type Problem } from '@/wire/problem'
import type { Order } from '@/wire/shop'
import { openPortone, portoneRequest, type Ended } from './portone'

export type PaymentStep = 'window' | 'opened' | 'confirming' | 'unknown'

const ASK_MS = 1500

export interface Payment {
  step: Ref<PaymentStep>
  problem: Ref<Problem | null>
  /** Why the provider's window ended without a payment, in its words. */
  refused: Ref<string>
  /** The buyer's answer in the sandbox's window. */
  answer(approve: boolean): Promise<void>
  /** Opens PortOne's window. */
  open(purchase: { name: string; locale: string }): Promise<void>
  /** Goes on where the window ended. */
  settle(ended: Ended): Promise<void>
  /** Asks the server how the order stands. */
  refresh(): Promise<void>
}

/** `order` is what is paid; `update` takes each newer state of it. */
export function usePayment(order: Ref<Order | null>, update: (order: Order) => void): Payment {
  const step = ref<PaymentStep>('window')
  const problem = ref<Problem | null>(null)
  const refused = ref('')
  /** One for all tries of this page: the amount is fixed once. */
  const key = newKey()
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false

  function begin(next: PaymentStep): void {
    step.value = next
    problem.value = null
    refused.value = ''
  }

  async function failed(error: Problem): Promise<void> {
    problem.value = error
    step.value = 'window'
    await refresh()
  }

  /** Asks to settle; what the server does not answer is open. */
  async function confirm(payment: string, token: () => Promise<string | undefined>): Promise<void> {
    begin('confirming')
    try {
      take(await confirmPayment(payment, await token()))
    } catch (error) {
      const said = problemOf(error)
      if (said.status >= 500 || said.status === 0) return askAgain()
      await failed(said)
    }
  }

  async function answer(approve: boolean): Promise<void> {
    const payment = order.value?.payment.id
    if (payment && step.value === 'window') await confirm(payment, () => answerSandbox(payment, approve))
  }

  async function open({ name, locale }: { name: string; locale: string }): Promise<void> {
    const held = order.value
    if (!held || step.value !== 'window') return
    begin('opened')
    let prepared: Prepared
    try {
      prepared = await preparePayment(key, held.group_id)
    } catch (error) {
      return failed(problemOf(error))
    }
    const request = portoneRequest({ prepared, name, locale, back: `${location.origin}/orders/${held.id}` })
    if (!request) return failed(localProblem('window_unsupported', 0))
    let ended: Ended
    try {
      ended = await openPortone(request)
    } catch {
      return failed(localProblem('window_unavailable', 0))
    }
    await settle(ended)
  }

  async function settle(ended: Ended): Promise<void> {
    const held = order.value
    if (!held || over) return
    if (ended.kind === 'gone') return askAgain()
    if (ended.kind === 'returned') return confirm(held.payment.id, async () => ended.token)
    begin('window')
    refused.value = ended.reason
    await refresh()
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
  return { step, problem, refused, answer, open, settle, refresh }
}
