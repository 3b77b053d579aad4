// What Studio works on: the shop's products and the sale of one show. The room brings live
// changes; this store holds what only the shop's people see.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { problemOf } from '@/api/http'
import * as shop from '@/api/shop'
import * as streams from '@/api/streams'
import type { Problem } from '@/wire/problem'
import { useRoom } from './room'

export const useStudio = defineStore('studio', () => {
  const room = useRoom()
  const stream = shallowRef<streams.StreamView | null>(null)
  const ingest = shallowRef<streams.Ingest | null>(null)
  const products = shallowRef<shop.CatalogProduct[]>([])
  /** Keys that this page was shown, by stream; in memory only. */
  const keys = ref<Record<string, streams.Keyed>>({})
  const issued = computed(() => (stream.value && keys.value[stream.value.id]) ?? null)
  const problem = shallowRef<Problem | null>(null)
  const loading = ref(true)

  const carded = computed(() => new Set(room.state.cards.map((card) => card.product.id)))
  const shelf = computed(() => products.value.filter((product) => !carded.value.has(product.id)))

  async function load(id: string): Promise<void> {
    loading.value = true
    stream.value = null
    try {
      const [view, access] = await Promise.all([streams.getStream(id), streams.getIngest(id)])
      stream.value = view
      ingest.value = access
      products.value = await shop.listProducts(view.seller.id)
      problem.value = null
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      loading.value = false
    }
  }

  async function reloadProducts(): Promise<void> {
    if (stream.value) products.value = await shop.listProducts(stream.value.seller.id)
  }

  /** A new key, shown once; the one before it stops working. */
  async function rotateKey(): Promise<streams.Keyed> {
    if (!stream.value) throw new Error('no stream is loaded')
    const fresh = await streams.rotateKey(stream.value.id)
    keys.value[stream.value.id] = fresh
    if (ingest.value) ingest.value = { ...ingest.value, whip_url: fresh.whip_url, key_hint: fresh.stream_key.slice(-4) }
    return fresh
  }

  /** Keeps the key that came with a new show. */
  function remember(made: streams.StreamView & streams.Keyed): void {
    keys.value[made.id] = { stream_key: made.stream_key, whip_url: made.whip_url }
  }

  const available = (product: string): number | null => products.value.find((each) => each.id === product)?.stock.available ?? null

  return { stream, ingest, products, issued, problem, loading, shelf, load, reloadProducts, rotateKey, remember, available }
})
