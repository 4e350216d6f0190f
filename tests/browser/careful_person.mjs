// Someone with a second factor: what they do about it, page by page.

import { AuthenticatorApp } from './authenticator_app.mjs'
import { press } from './browser.mjs'
import { Person } from './person.mjs'

/** Services that ask for a second factor. */
export function carefulClients(service) {
  return [
    service.client({
      client_id: 'two-factors',
      client_secret: 'a-secret-for-the-browser-tests',
      require_pkce: false,
      minimum_acr: 'Cl.Cm',
    }),
  ]
}

export class CarefulPerson extends Person {
  static from({ page, provider, service }) {
    return new CarefulPerson(page, provider, service)
  }

  /** The same person in another browser, with the same app and codes. */
  at(page) {
    const person = new CarefulPerson(page, this.provider, this.service)
    return Object.assign(person, { address: this.address, app: this.app, codes: this.codes })
  }

  /** Comes to the page that shows the key, in a sign-in that asks for a second factor. */
  async choosesTheApp(parameters = { client_id: 'two-factors' }) {
    await this.createsAnAccount(parameters)
    await this.takesTheApp()
  }

  /** From the page with the choice, if there is one, to the one with the key. */
  async takesTheApp() {
    const choice = this.page.getByLabel('An authenticator app', { exact: true })
    const only = this.page.getByRole('button', { name: 'Set up an authenticator app' })
    if (await only.isVisible()) {
      await press(this.page, 'Set up an authenticator app')
    } else if (await choice.isVisible()) {
      await this.chooses('An authenticator app')
    }
    this.app = new AuthenticatorApp(await this.page.locator('#key').textContent())
  }

  /** Gives the code of the app, as far as the recovery codes when it is the first. */
  async givesItsCode() {
    await this.types(await this.app.code())
  }

  async setsUpAnApp(parameters) {
    await this.choosesTheApp(parameters)
    await this.givesItsCode()
    this.codes = await this.page.locator('#recovery-codes li').allTextContents()
    this.codes = this.codes.map(code => code.trim())
  }

  async savesTheCodes() {
    await press(this.page, 'I have saved the codes')
  }

  /** Signs in up to the page that asks for the second factor. */
  async provesTheAddress(parameters) {
    await this.asksForACode(parameters)
    await this.typesTheCode()
  }

  async recoversWith(code) {
    await press(this.page, 'Use a recovery code')
    await this.typesARecoveryCode(code)
  }

  async typesARecoveryCode(code) {
    await this.page.getByLabel('Recovery code').fill(code)
    await press(this.page, 'Continue')
  }

  /**
   * Goes to their account, signing in again, and follows the link to a change there as far as its
   * page.
   */
  async comesTo(change) {
    await this.open('/account/second-factor')
    await this.givesAddress()
    await this.typesTheCode()
    await this.givesItsCode()
    await press(this.page, change)
    await this.givesItsCode()
  }
}
