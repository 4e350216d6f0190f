// Someone at a browser who wants to use a service: what they can do, in their words.

import { press } from './browser.mjs'

let people = 0

export class Person {
  /** `address` is long enough not to fit on a narrow screen, and nobody else's. */
  constructor(page, provider, service) {
    people += 1
    this.page = page
    this.provider = provider
    this.service = service
    this.address = `josephine.featherstonehaugh-cholmondeley-${people}@educators.example`
  }

  /** Another tab's person with the same address. */
  at(page) {
    const person = new Person(page, this.provider, this.service)
    person.address = this.address
    return person
  }

  open(path) {
    return this.page.goto(this.provider.url(path))
  }

  /** What a service does when its "Sign in" is pressed. */
  asksToSignIn({ client_id = 'apply', redirect_uri = this.service.redirectUri, ...others } = {}) {
    const parameters = { client_id, redirect_uri, response_type: 'code', scope: 'openid email', state: 'begun', ...others }
    return this.open(`/authorize?${new URLSearchParams(parameters)}`)
  }

  async givesAddress(address = this.address) {
    this.address = address
    await this.page.getByLabel('Email address').fill(address)
    await press(this.page, 'Continue')
  }

  async types(code) {
    await this.page.getByLabel('Code').fill(code)
    await press(this.page, 'Continue')
  }

  /** The newest email: its code and its link. */
  mail() {
    return this.provider.mailTo(this.address)
  }

  async typesTheCode() {
    const { code } = await this.mail()
    await this.types(code)
  }

  async typesAWrongCode() {
    const { code } = await this.mail()
    await this.types(code === '000000' ? '000001' : '000000')
  }

  async asksForACode(parameters) {
    await this.asksToSignIn(parameters)
    await this.givesAddress()
  }

  async createsAnAccount(parameters) {
    await this.asksForACode(parameters)
    await this.typesTheCode()
  }

  async signsInForTheFirstTime(parameters) {
    await this.createsAnAccount(parameters)
    await press(this.page, 'Continue')
  }
}
