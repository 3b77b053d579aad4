// Says things to people who listen to the page instead of looking at it: what matters and may
// be missed, as a receipt or the last unit gone. `AppAnnouncer` holds the live region.
import { ref } from 'vue'

const spoken = ref('')

export const announcement = spoken

export function announce(text: string): void {
  // The same sentence twice is spoken twice: an invisible mark makes it new.
  spoken.value = spoken.value === text ? `${text}\u200b` : text
}
