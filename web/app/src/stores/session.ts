// Who uses this page. The token itself stays in the API module.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import * as accounts from '@/api/accounts'
import { maybeSignedIn, onToken, renewAccess, type Me } from '@/api/token'

export const useSession = defineStore('session', () => {
  const user = ref<Me | null>(null)
  const known = ref(false)
  let restoring: Promise<void> | null = null

  onToken((signed) => {
    user.value = signed?.user ?? null
  })

  /** Asks once, by the refresh cookie, who this is; a browser that never signed in does not ask. */
  function restore(): Promise<void> {
    restoring ??= (maybeSignedIn() ? renewAccess(null) : Promise.resolve(null))
      .catch(() => null)
      .then(() => {
        known.value = true
      })
    return restoring
  }

  const canHost = computed(() => (user.value?.memberships.length ?? 0) > 0 || user.value?.role === 'admin')

  return { user, known, canHost, restore, login: accounts.login, register: accounts.register, logout: accounts.logout }
})
