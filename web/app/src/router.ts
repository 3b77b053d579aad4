import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw } from 'vue-router'
import HomePage from './pages/HomePage.vue'
import { useSession } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Only for people who are signed in. */
    account?: boolean
    /** Fills the window: no header of the site. */
    bare?: boolean
    /** Uses all of a wide window. */
    wide?: boolean
    /** Key of the page's name. */
    title?: string
  }
}

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', name: 'home', component: HomePage, meta: { title: 'home.title' } },
    { path: '/watch/:stream', name: 'watch', component: () => import('./pages/WatchPage.vue'), props: true, meta: { bare: true } },
    { path: '/studio', name: 'studio', component: () => import('./pages/StudioPage.vue'), meta: { account: true, title: 'studio.title' } },
    { path: '/studio/:stream', name: 'studio-stream', component: () => import('./pages/StudioStreamPage.vue'), props: true, meta: { account: true, wide: true, title: 'studio.title' } },
    { path: '/login', name: 'login', component: () => import('./pages/LoginPage.vue'), meta: { title: 'account.signIn' } },
    { path: '/register', name: 'register', component: () => import('./pages/RegisterPage.vue'), meta: { title: 'account.register' } },
    { path: '/forgot-password', name: 'forgot-password', component: () => import('./pages/ForgotPasswordPage.vue'), meta: { title: 'forgot.title' } },
    { path: '/reset-password', name: 'reset-password', component: () => import('./pages/ResetPasswordPage.vue'), meta: { title: 'reset.title' } },
    { path: '/verify-email', name: 'verify-email', component: () => import('./pages/VerifyEmailPage.vue'), meta: { title: 'verify.title' } },
    { path: '/orders', name: 'orders', component: () => import('./pages/OrdersPage.vue'), meta: { account: true, title: 'orders.title' } },
    { path: '/orders/:id', name: 'order', component: () => import('./pages/OrderPage.vue'), props: true, meta: { account: true, title: 'orders.title' } },
    { path: '/:rest(.*)*', name: 'missing', component: () => import('./pages/MissingPage.vue'), meta: { title: 'missing.title' } },
  ],
})

router.beforeEach(async (to): Promise<true | RouteLocationRaw> => {
  if (!to.meta.account) return true
  const session = useSession()
  await session.restore()
  return session.user ? true : { name: 'login', query: { next: to.fullPath } }
})

/** Where to go after signing in: only a path of this site. */
export function nextPath(route: RouteLocationNormalized): string {
  const next = route.query['next']
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/'
}
