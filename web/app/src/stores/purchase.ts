// One purchase, from the card to the receipt. What it shows is what the server said: an order is
// held only once its commit has been acknowledged.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { problemOf } from '@/api/http'
import { leasePrice } from '@/api/orders'
import { beginAttempt, endAttempt, openAttempt, outcomeUnknown } from '@/purchase/attempt'
import { buy } from '@/purchase/command'
import type { Money } from '@/wire/money'
import type { Problem } from '@/wire/problem'
import type { Card, Lease, Order, Purchase } from '@/wire/shop'
import { useRoom } from './room'
import { useSession } from './session'

export type Step = 'closed' | 'choose' | 'sign-in' | 'placing' | 'held' | 'receipt' | 'expired'

/** A promised price is used for so long, well within the server's half minute. */
const LEASE_MS = 25_000

export const usePurchase = defineStore('purchase', () => {
  const room = useRoom()
  const session = useSession()
  const card = shallowRef<Card | null>(null)
  const order = shallowRef<Order | null>(null)
  const quantity = ref(1)
  /** The chosen variant, where there are several. */
  const variant = ref<string | null>(null)
  const step = ref<Step>('closed')
  const problem = shallowRef<Problem | null>(null)
  /** Set while an attempt's outcome is unknown: the same purchase is repeated, no other. */
  const pending = shallowRef<Purchase | null>(null)

  const item = computed(() => (card.value ? room.terms(card.value.product.id, variant.value) : null))
  const stock = computed(() => (card.value ? room.level(card.value.product.id, item.value?.variant_id) : null))
  const most = computed(() => Math.max(1, Math.min(item.value?.max_per_buyer ?? 1, stock.value?.available ?? 1, 99)))
  /** The price that the server promised for what is chosen. */
  const lease = shallowRef<Lease | null>(null)
  let leased: ReturnType<typeof setTimeout> | undefined
  const unit = computed<Money | null>(() => pending.value?.expected_unit_price ?? lease.value?.unit_price ?? item.value?.price ?? null)

  room.onOrder(take)

  function open(chosen: Card): void {
    card.value = chosen
    order.value = null
    problem.value = null
    quantity.value = 1
    pending.value = null
    const choices = room.choices(chosen.product.id)
    const there = choices.find((each) => (room.level(each.product_id, each.variant_id)?.available ?? 0) > 0)
    variant.value = (there ?? choices[0])?.variant_id ?? null
    const sale = room.state.sale
    const user = session.user
    const kept = sale && user ? openAttempt(sessionStorage, user.id, sale.id, chosen.product.id) : null
    if (kept) {
      pending.value = kept.purchase
      quantity.value = kept.purchase.quantity
      variant.value = kept.purchase.variant_id ?? variant.value
    }
    step.value = 'choose'
    room.glance(chosen.id, 'clicked')
    void promise()
  }

  /** Has the price promised that is shown, again and again while the buyer thinks. Without a
   *  promise the price is the server's of the moment. */
  async function promise(): Promise<void> {
    clearTimeout(leased)
    lease.value = null
    const sale = room.state.sale
    const wanted = item.value
    if (!sale || !wanted || (step.value !== 'choose' && step.value !== 'sign-in')) return
    try {
      const got = await leasePrice(sale.id, wanted.product_id, wanted.variant_id)
      if (item.value?.variant_id !== got.variant_id || item.value.product_id !== got.product_id) return
      lease.value = got
      leased = setTimeout(() => void promise(), LEASE_MS)
    } catch {
      // A purchase goes without one.
    }
  }

  function close(): void {
    step.value = 'closed'
    clearTimeout(leased)
    lease.value = null
  }

  function setQuantity(wanted: number): void {
    if (!pending.value) quantity.value = Math.min(most.value, Math.max(1, wanted))
  }

  function choose(wanted: string): void {
    if (pending.value) return
    variant.value = wanted
    void promise()
  }

  /** The button: places the order, or asks who the buyer is and goes on afterwards. */
  async function confirm(): Promise<void> {
    if (step.value !== 'choose' && step.value !== 'sign-in' && step.value !== 'expired') return
    if (!session.user) {
      step.value = 'sign-in'
      return
    }
    const purchase = wanted()
    if (!purchase) return
    const user = session.user.id
    step.value = 'placing'
    problem.value = null
    order.value = null
    const key = beginAttempt(sessionStorage, user, purchase)
    pending.value = purchase
    try {
      const placed = await buy(room.buyByLane, key, purchase)
      endAttempt(sessionStorage, user, purchase)
      pending.value = null
      if (isPlacing()) take(placed, true)
    } catch (error) {
      refused(problemOf(error), user, purchase)
    }
  }

  const isPlacing = (): boolean => step.value === 'placing'

  function refused(why: Problem, user: string, purchase: Purchase): void {
    if (!outcomeUnknown(why.code, why.status)) {
      endAttempt(sessionStorage, user, purchase)
      pending.value = null
    }
    problem.value = why
    if (isPlacing()) step.value = why.status === 401 ? 'sign-in' : 'choose'
    void promise()
  }

  function wanted(): Purchase | null {
    if (pending.value) return pending.value
    const sale = room.state.sale
    if (!card.value || !sale || !item.value) return null
    return {
      sale_id: sale.id,
      product_id: card.value.product.id,
      variant_id: item.value.variant_id,
      quantity: Math.min(quantity.value, most.value),
      expected_unit_price: lease.value?.unit_price ?? item.value.price,
      ...(lease.value && { lease: lease.value.lease }),
    }
  }

  /** Takes a newer state of this purchase's order. */
  function take(fresh: Order, mine = false): void {
    if (!mine && fresh.id !== order.value?.id) return
    order.value = fresh
    if (step.value === 'closed') return
    if (fresh.status === 'paid') step.value = 'receipt'
    else if (fresh.status === 'pending_payment') step.value = 'held'
    else step.value = 'expired'
  }

  return { card, order, quantity, variant, choose, step, problem, pending, item, stock, most, unit, open, close, setQuantity, confirm, take }
})
