// The room that this page is in: what it shows, how it is connected, and what one may say there.
import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { ApiError } from '@/api/http'
import { getRoom } from '@/api/streams'
import { newKey } from '@/composables/key'
import { Connection, type LinkPhase, type MediaPhase } from '@/room/connection'
import { emptyRoom, stockKey, type StockNote } from '@/room/state'
import { Talk } from '@/room/talk'
import type { Sanction, Session } from '@/wire/control'
import type { Problem } from '@/wire/problem'
import type { Card, Order, Purchase, SaleItem, Stock } from '@/wire/shop'

/** Something said here that the room has not repeated so far. */
export interface Unsaid {
  key: string
  body: string
  problem: Problem | null
}

interface Asked {
  resolve(order: Order): void
  reject(error: ApiError): void
}

/** What is said and not heard back within this time counts as not sent. */
const SAID_MS = 10_000

export const useRoom = defineStore('room', () => {
  const state = reactive(emptyRoom())
  const phase = ref<MediaPhase>('connecting')
  const link = ref<LinkPhase>('none')
  const media = shallowRef<MediaStream | null>(null)
  const trouble = ref<Problem | null>(null)
  const speaker = ref<Session['user']>(null)
  /** What the hosts decided about this viewer. */
  const sanction = ref<Sanction | null>(null)
  const unsaid = ref<Unsaid[]>([])
  const asked = new Map<string, Asked>()
  const orderReaders = new Set<(order: Order) => void>()
  let talk: Talk | null = null
  let connection: Connection | null = null
  let current = ''

  const pinned = computed<Card | null>(() => state.cards.find((card) => card.id === state.pinned) ?? null)

  function enter(stream: string, options: { media: boolean }): void {
    leave()
    current = stream
    phase.value = options.media ? 'connecting' : 'none'
    talk = new Talk(state, {
      session: (session) => {
        speaker.value = session.user
        sanction.value = null
      },
      sanction: (told) => (sanction.value = told.kind === 'lifted' ? null : told),
      order: heardOrder,
      refused: heardRefusal,
      bye: (bye) => connection?.farewell(bye),
      stuck: () => connection?.restart(),
    })
    connection = new Connection(
      stream,
      talk,
      {
        media: (next, track) => {
          phase.value = next
          media.value = track
          // Nobody tells a page that has left the room how it goes on there.
          if (next === 'ended' || next === 'missing') state.presence = { live: false, viewers: 0 }
        },
        link: (next) => {
          link.value = next
          if (next === 'none') speaker.value = null
        },
        trouble: (problem) => (trouble.value = problem),
      },
      options.media,
    )
    connection.start()
    window.addEventListener('online', nudge)
    window.addEventListener('pagehide', close)
    window.addEventListener('pageshow', reopen)
    getRoom(stream).then(
      (json) => {
        if (current === stream) talk?.prime(json)
      },
      // The connection reports what is wrong; this was only the faster way to the same room.
      () => undefined,
    )
  }

  function leave(): void {
    close()
    talk?.end()
    talk = null
    connection = null
    current = ''
    window.removeEventListener('online', nudge)
    window.removeEventListener('pagehide', close)
    window.removeEventListener('pageshow', reopen)
    Object.assign(state, emptyRoom())
    media.value = null
    link.value = 'none'
    trouble.value = null
    speaker.value = null
    sanction.value = null
    unsaid.value = []
    asked.clear()
  }

  function nudge(): void {
    connection?.nudge()
  }

  function close(): void {
    connection?.close()
  }

  function reopen(event: PageTransitionEvent): void {
    if (event.persisted && current !== '') enter(current, { media: phase.value !== 'none' })
  }

  watch(
    () => state.presence.live,
    (live) => {
      if (live) connection?.wentLive()
    },
  )

  watch(
    () => state.messages,
    (messages) => {
      if (unsaid.value.length === 0) return
      const keys = new Set(messages.map((message) => message.key))
      unsaid.value = unsaid.value.filter((mine) => !keys.has(mine.key))
    },
  )

  function heardOrder(order: Order, key: string | undefined): void {
    if (key !== undefined) {
      asked.get(key)?.resolve(order)
      asked.delete(key)
    }
    for (const reader of orderReaders) reader(order)
  }

  function heardRefusal(problem: Problem, key: string | undefined): void {
    if (key === undefined) return
    asked.get(key)?.reject(new ApiError(problem))
    asked.delete(key)
    const mine = unsaid.value.find((each) => each.key === key)
    if (mine) mine.problem = problem
  }

  /** Says something. `false` when it cannot be sent now: nothing is kept then. */
  function say(body: string): boolean {
    const mine: Unsaid = { key: newKey(), body, problem: null }
    if (!talk?.send({ t: 'say', d: { key: mine.key, body } })) return false
    unsaid.value = [...unsaid.value.slice(-4), mine]
    setTimeout(() => {
      const still = unsaid.value.find((each) => each.key === mine.key)
      if (still && !still.problem) heardRefusal({ type: '', title: '', status: 0, code: 'offline' }, mine.key)
    }, SAID_MS)
    return true
  }

  function forget(key: string): void {
    unsaid.value = unsaid.value.filter((each) => each.key !== key)
  }

  /** Buys by the lane; `null` when it is closed or does not know the buyer. */
  function buyByLane(key: string, purchase: Purchase): Promise<Order> | null {
    if (!speaker.value) return null
    const answer = new Promise<Order>((resolve, reject) => asked.set(key, { resolve, reject }))
    if (talk?.send({ t: 'buy', d: { key, ...purchase } })) return answer
    asked.delete(key)
    return null
  }

  /** Says that a card was seen or opened; it counts once, and nobody answers. */
  function glance(card: string, what: 'shown' | 'clicked'): void {
    talk?.send({ t: 'glance', d: { card_id: card, what } })
  }

  /** Tells `reader` of every order of this viewer that changes. Returns what ends that. */
  function onOrder(reader: (order: Order) => void): () => void {
    orderReaders.add(reader)
    return () => orderReaders.delete(reader)
  }

  /** What the sale has of a product: one item per variant. */
  const choices = (product: string): SaleItem[] => state.sale?.items.filter((item) => item.product_id === product) ?? []
  const terms = (product: string, variant?: string | null): SaleItem | null =>
    choices(product).find((item) => !variant || item.variant_id === variant) ?? null
  const levelOf = (item: SaleItem): Stock | null => (state.sale && state.stock[stockKey(state.sale.id, item.variant_id)]) ?? null
  /** The stock of a variant, or of all that the sale has of the product together. */
  const level = (product: string, variant?: string | null): Stock | null => {
    const items = choices(product).filter((item) => !variant || item.variant_id === variant)
    const levels = items.map(levelOf).filter((each): each is Stock => each !== null)
    return levels.length < 2 ? (levels[0] ?? null) : levels.reduce(together)
  }
  const note = (product: string, variant?: string | null): StockNote | null => {
    const item = terms(product, variant)
    return (state.sale && item && state.notes[stockKey(state.sale.id, item.variant_id)]) ?? null
  }
  const now = (): number => talk?.clock.now() ?? Date.now()

  return { state, phase, link, media, trouble, speaker, sanction, unsaid, pinned, enter, leave, say, forget, buyByLane, glance, onOrder, choices, terms, level, note, now }
})

const together = (a: Stock, b: Stock): Stock => ({
  ...a,
  ledger_seq: Math.max(a.ledger_seq, b.ledger_seq),
  allocated: a.allocated + b.allocated,
  available: a.available + b.available,
  held: a.held + b.held,
  sold: a.sold + b.sold,
})
