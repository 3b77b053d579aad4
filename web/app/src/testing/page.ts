// For tests of pages: a page mounted at an address, with a server that says what it is told to.
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { vi, type Mock } from 'vitest'
import type { Component } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import en from '@/i18n/en'

export interface Told {
  status: number
  body?: unknown
}

export interface Asked {
  method: string
  path: string
  body: unknown
}

/** What the server says, by `POST /api/…`; the last of a list is said again and again. */
export type Script = Record<string, Told | Told[]>

/** Puts a server in the place of the network. Unknown questions are answered 404. */
export function serve(script: Script): Asked[] {
  const asked: Asked[] = []
  const fetched: Mock<typeof fetch> = vi.fn(async (input, init) => {
    const [method, path] = [init?.method ?? 'GET', String(input)]
    asked.push({ method, path, body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined })
    const line = script[`${method} ${path}`]
    const told = Array.isArray(line) ? (line.length > 1 ? line.shift() : line[0]) : line
    const { status, body } = told ?? refused('not_found', 404)
    return new Response(body === undefined ? null : JSON.stringify(body), { status })
  })
  vi.stubGlobal('fetch', fetched)
  return asked
}

/** A problem as the server writes it. */
export const refused = (code: string, status: number, errors?: { pointer: string; code: string; detail: string }[]): Told => ({
  status,
  body: { type: `urn:souk:problem:${code}`, title: code, status, code, ...(errors && { errors }) },
})

export interface Opened {
  page: VueWrapper
  router: Router
}

/** Mounts `component` as the page of `path`, in English. */
export async function openPage(component: Component, path: string, props: Record<string, unknown> = {}): Promise<Opened> {
  setActivePinia(createPinia())
  const elsewhere = { template: '<p>elsewhere</p>' }
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/login', name: 'login', component: elsewhere }, { path: '/:rest(.*)*', component }] })
  await router.push(path)
  const page = mount(component, {
    props,
    attachTo: document.body,
    global: { plugins: [createI18n({ legacy: false, locale: 'en', messages: { en } }), router] },
  })
  await flushPromises()
  return { page, router }
}
