// An authenticator app, as a person has one: it is given a key and shows codes (RFC 6238).

import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const STEP_MS = 30_000
/** How long a code is still good when it is given, at least. */
const LEFT_MS = 15_000
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

export class AuthenticatorApp {
  /** `key` is what the page shows, spaces and all. */
  constructor(key) {
    this.seed = bytesOf(key.replace(/\s/g, ''))
    this.used = 0
  }

  /**
   * A code that was not used yet; each is good once, and until the end of the step after its
   * own, so the third one in a row waits for its turn.
   */
  async code() {
    const oldest = Math.floor((Date.now() + LEFT_MS) / STEP_MS) - 1
    const step = Math.max(oldest, this.used + 1)
    while (step > now() + 1) {
      await pause(250)
    }
    this.used = step
    return this.at(step)
  }

  /** A code that is of no step around now. */
  wrongCode() {
    const around = [-2, -1, 0, 1, 2].map(steps => this.at(now() + steps))
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find(code => !around.includes(code))
  }

  at(step) {
    const counter = Buffer.alloc(8)
    counter.writeBigUInt64BE(BigInt(step))
    const digest = createHmac('sha1', this.seed).update(counter).digest()
    const offset = digest.at(-1) & 0xf
    const number = (digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000
    return String(number).padStart(6, '0')
  }
}

function now() {
  return Math.floor(Date.now() / STEP_MS)
}

/** RFC 4648 §6. */
function bytesOf(key) {
  const bits = [...key].map(letter => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const bytes = bits.match(/.{8}/g).map(byte => Number.parseInt(byte, 2))
  return Buffer.from(bytes)
}
