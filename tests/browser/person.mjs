// Someone at a browser who wants to use a service: what they can do, in their words.

import { press } from './browser.mjs'

let people = 0
let strangers = 0

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
    await this.page.getByRole('textbox', { name: 'Code', exact: true }).fill(code)
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

  /** Comes from the demo, which is the kind of service that its start page calls so. */
  async comesFromTheDemo(kind) {
    await this.page.goto(this.service.address)
    await this.page.getByLabel(kind, { exact: true }).check()
    await press(this.page, 'Sign in')
  }

  /** The same, and signs in with a code. */
  async signsInAtTheDemo(kind) {
    await this.comesFromTheDemo(kind)
    await this.givesAddress()
    await this.typesTheCode()
  }

  /** What the demo was told under that name. */
  told(name) {
    const table = this.page.getByRole('table', { name: 'User information' })
    const header = this.page.getByRole('rowheader', { name, exact: true })
    return table.getByRole('row').filter({ has: header }).getByRole('cell').innerText()
  }

  /** Name, previous names, preferred name and date of birth: the first four questions. */
  async saysWhoTheyAre({ first, last, born: [day, month, year] }) {
    await this.page.getByLabel('First name').fill(first)
    await this.page.getByLabel('Last name').fill(last)
    await press(this.page, 'Continue')
    await this.chooses('No')
    await this.page.getByRole('radio').first().check()
    await press(this.page, 'Continue')
    await this.page.getByLabel('Day').fill(day)
    await this.page.getByLabel('Month').fill(month)
    await this.page.getByLabel('Year').fill(year)
    await press(this.page, 'Continue')
  }

  async givesNationalInsuranceNumber(number) {
    await this.chooses('Yes')
    await this.page.getByLabel('National Insurance number').fill(number)
    await press(this.page, 'Continue')
  }

  async givesTrn(trn) {
    await this.chooses('Yes')
    await this.page.getByLabel('TRN').fill(trn)
    await press(this.page, 'Continue')
  }

  /** No National Insurance number, no TRN, no qualified teacher status. */
  async hasNoNumbers() {
    await this.chooses('No')
    await this.chooses('No, or I do not know it')
    await this.chooses('No')
  }

  async chooses(answer) {
    await this.page.getByLabel(answer, { exact: true }).check()
    await press(this.page, 'Continue')
  }

  /** Confirms the answers and goes on to the service. */
  async goesOnToTheService() {
    await press(this.page, 'Save and continue')
    await this.goesOn()
  }

  /** Presses Continue until the browser is back at the service. */
  async goesOn() {
    while (new URL(this.page.url()).origin !== this.service.address) {
      await press(this.page, 'Continue')
    }
  }
}

/** Somebody whom no record knows, and whom no account knows yet. */
export function stranger() {
  strangers += 1
  return { first: 'Nobody', last: `Knows-${strangers}`, born: ['1', '1', '1990'] }
}

/** People of config/teacher-records.sample.csv. */
export const PEOPLE = {
  ada: { first: 'Ada', last: 'Lovell', born: ['14', '6', '1985'], number: 'MW123401A', trn: '3000001' },
  benjamin: { first: 'Benjamin', last: 'Hartley', born: ['2', '11', '1979'], number: 'MW123402B', trn: '3000002' },
  chinwe: { first: 'Chinwe', last: 'Okonkwo', born: ['30', '1', '1991'], number: 'MW123403C', trn: '3000003' },
}
