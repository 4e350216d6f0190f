// Someone whom a service asks about themselves: what they answer, page by page.

import { press } from './browser.mjs'
import { Person } from './person.mjs'

let nobodies = 0

/** Somebody whom no record and no account knows, with a name that does not fit on a narrow screen. */
export function nobody(others) {
  nobodies += 1
  return {
    first: 'Josephine',
    middle: 'Wilhelmina',
    last: `Featherstonehaugh-Cholmondeley-${nobodies}`,
    born: ['29', 'February', '1988'],
    ...others,
  }
}

/** What a person does on each page; `said` is what they have to say. */
const ANSWERS = {
  name: async (page, { first, middle = '', last }) => {
    await page.getByLabel('First name', { exact: true }).fill(first)
    await page.getByLabel('Middle names', { exact: true }).fill(middle)
    await page.getByLabel('Last name', { exact: true }).fill(last)
  },
  'previous-names': async (page, { previousNames = [] }) => {
    await choose(page, previousNames.length > 0 ? 'Yes' : 'No')
    for (const [index, name] of previousNames.entries()) {
      await page.getByLabel('Previous last name').fill(name)
      if (index + 1 < previousNames.length) {
        await press(page, 'Add another previous name')
      }
    }
  },
  'preferred-name': (page, { first, last }) => choose(page, `${first} ${last}`),
  'date-of-birth': async (page, { born }) => {
    const [day, month, year] = born
    await page.getByLabel('Day').fill(day)
    await page.getByLabel('Month').fill(month)
    await page.getByLabel('Year').fill(year)
  },
  'has-national-insurance-number': (page, { number }) => choose(page, number ? 'Yes' : 'No'),
  'national-insurance-number': (page, { number }) =>
    page.getByRole('textbox', { name: 'National Insurance number' }).fill(number),
  'has-trn': (page, { trn }) => choose(page, trn ? 'Yes' : 'No, or I do not know it'),
  trn: (page, { trn }) => page.getByRole('textbox', { name: 'TRN' }).fill(trn),
  'has-qts': (page, { provider }) => choose(page, provider ? 'Yes' : 'No'),
  'qts-provider': async (page, { provider }) => {
    await choose(page, 'Through a university, school or school-centred training (SCITT)')
    const field = page.getByLabel('Where did you train?')
    await field.fill(provider)
    await field.blur()
  },
}

/** Chooses a radio by its label. */
export function choose(page, label) {
  return page.getByRole('radio', { name: label, exact: true }).check()
}

export class Teacher extends Person {
  said = nobody()

  /** Signs in for the first time at a service that asks about people. */
  async isAskedBy(client_id, scope = 'openid email trn') {
    await this.createsAnAccount({ client_id, scope })
  }

  /** The page that is open, by its path below /details/. */
  get asked() {
    return new URL(this.page.url()).pathname.replace('/details/', '')
  }

  /** Answers the page that is open. */
  async answers() {
    await ANSWERS[this.asked](this.page, this.said)
    await press(this.page, 'Continue')
  }

  /** Answers every page until that one is open. */
  async answersUpTo(page) {
    const seen = []
    while (this.asked !== page) {
      if (!(this.asked in ANSWERS) || seen.includes(this.asked)) {
        throw new Error(`${this.page.url()} comes after ${seen.join(', ')}, and not ${page}`)
      }
      seen.push(this.asked)
      await this.answers()
    }
    return seen
  }
}
