#!/usr/bin/env python3
"""Writes config/teacher-records.sample.csv: teaching records of people who do not exist.

    scripts/make-sample-records.py > config/teacher-records.sample.csv

The same seed gives the same file. First come people by hand, each with a peculiarity that matching
has to get right; tests name them by TRN. The others are drawn.

National Insurance numbers begin with CR, MW, NC or PP: HMRC's rule allows the pairs, and no person
was ever given one (they are kept for administration). Addresses end in .example (RFC 2606).
"""

import csv
import random
import sys

COLUMNS = [
    "trn",
    "status",
    "merged_into",
    "first_name",
    "middle_name",
    "last_name",
    "previous_names",
    "date_of_birth",
    "national_insurance_number",
    "email_addresses",
]

# trn, first, middle, last, born, number, addresses, and what else the record says.
BY_HAND = [
    # Nothing unusual: everything is there.
    ("3000001", "Ada", "", "Lovell", "1985-06-14", "MW123401A", ["ada.lovell@mail.example"], {}),
    ("3000002", "Benjamin", "Oliver", "Hartley", "1979-11-02", "MW123402B", ["ben.hartley@mail.example"], {}),
    ("3000003", "Chinwe", "", "Okonkwo", "1991-01-30", "MW123403C", ["chinwe@mail.example", "c.okonkwo@hill.sch.example"], {}),
    # A number without its suffix, as old records have it, and one written with spaces.
    ("3000004", "Derek", "", "Fairbrother", "1958-04-09", "MW123404", ["derek@mail.example"], {}),
    ("3000005", "Eleanor", "", "Whitlock", "1972-08-21", "mw 12 34 05 d", [], {}),
    # No number; no number and no address; no date of birth.
    ("3000006", "Fatima", "", "Rahman", "1994-12-05", "", ["fatima.rahman@mail.example"], {}),
    ("3000007", "Gareth", "", "Prosser", "1988-02-29", "", [], {}),
    ("3000008", "Harriet", "", "Oakes", "", "MW123408A", ["harriet.oakes@mail.example"], {}),
    # Changed names: by marriage, twice, back again, and the first name, too.
    ("3000009", "Imogen", "Rose", "Clarke", "1983-03-17", "MW123409B", ["imogen.clarke@mail.example"],
     {"previous": ["Imogen Rose|Bell"]}),
    ("3000010", "Joanna", "", "Pemberton", "1969-07-07", "MW123410C", ["jo.pemberton@mail.example"],
     {"previous": ["Joanna|Tate", "Joanna|Lyle"]}),
    ("3000011", "Katherine", "", "Marsh", "1976-10-28", "MW123411D", [],
     {"previous": ["Katherine|Nunn", "Katherine|Marsh"]}),
    ("3000012", "Leo", "", "Ashdown", "1996-05-23", "MW123412A", ["leo.ashdown@mail.example"],
     {"previous": ["Lily|Ashdown"]}),
    # Hyphens, apostrophes, particles, accents, capitals, and names that are long.
    ("3000013", "Mary-Jane", "", "Smith-Jones", "1981-09-12", "MW123413B", ["mj@mail.example"], {}),
    ("3000014", "Niamh", "", "O'Neill", "1990-06-01", "MW123414C", ["niamh.oneill@mail.example"], {}),
    ("3000015", "Niall", "", "O\u2019Dowd", "1986-11-19", "MW123415D", [], {}),
    ("3000016", "Oliver", "", "van der Meer", "1978-01-15", "MW123416A", ["ovdm@mail.example"], {}),
    ("3000017", "Seán", "", "Ó Briain", "1974-04-25", "MW123417B", ["sean@mail.example"], {}),
    ("3000018", "Zoë", "", "Müller", "1989-12-12", "MW123418C", ["zoe.mueller@mail.example"], {}),
    ("3000019", "Llŷr", "", "Gruffudd", "1992-03-01", "MW123419D", ["llyr@mail.example"], {}),
    ("3000020", "PETRA", "", "NOVÁKOVÁ", "1987-08-08", "MW123420A", ["petra@mail.example"], {}),
    ("3000021", "Nguyễn", "Thị", "Hương", "1993-02-11", "MW123421B", ["huong@mail.example"], {}),
    ("3000022", "Wolfeschlegelsteinhausen", "Alexander Bartholomew", "Featherstonehaugh-Cholmondeley",
     "1965-10-10", "MW123422C", ["w.f.c@mail.example"], {}),
    # One name only, in each way that records have it.
    ("3000023", "", "", "Suharsono", "1984-07-19", "MW123423D", ["suharsono@mail.example"], {}),
    ("3000024", "Wardhana", "", "", "1980-05-05", "MW123424A", ["wardhana@mail.example"], {}),
    ("3000025", "Thiri", "", "Thiri", "1995-09-09", "MW123425B", [], {}),
    ("3000026", ".", "", "Jayalalitha", "1977-02-24", "MW123426C", ["jaya@mail.example"], {}),
    # Known by the short form of the first name, or the other way round.
    ("3000027", "Elizabeth", "Anne", "Thornbury", "1971-12-30", "MW123427D", ["lizzie.thornbury@mail.example"], {}),
    ("3000028", "Bill", "", "Ramsbottom", "1962-06-18", "MW123428A", ["bill.r@mail.example"], {}),
    ("3000029", "Mohammed", "", "Iqbal", "1990-04-04", "MW123429B", ["m.iqbal@mail.example"], {}),
    ("3000030", "Alexandra", "", "Kyriakou", "1982-02-02", "MW123430C", ["alex.kyriakou@mail.example"], {}),
    # Two people of one name and one date of birth.
    ("3000031", "Sarah", "", "Jones", "1980-03-03", "MW123431D", ["sarah.jones1@mail.example"], {}),
    ("3000032", "Sarah", "", "Jones", "1980-03-03", "MW123432A", ["sarah.jones2@mail.example"], {}),
    # Twins who share an address.
    ("3000033", "Tariq", "", "Mahmood", "1998-08-15", "MW123433B", ["mahmood.family@mail.example"], {}),
    ("3000034", "Tahira", "", "Mahmood", "1998-08-15", "MW123434C", ["mahmood.family@mail.example"], {}),
    # One person with two records: the same in everything but the TRN.
    ("3000035", "Ursula", "", "Kemp", "1973-01-08", "MW123435D", ["ursula.kemp@mail.example"], {}),
    ("3000036", "Ursula", "", "Kemp", "1973-01-08", "MW123435D", ["ursula.kemp@mail.example"], {}),
    # Deactivated: nobody finds it. Its owner has another one, which is found.
    ("3000037", "Victor", "", "Langley", "1967-11-11", "MW123437A", ["victor.langley@mail.example"],
     {"status": "deactivated"}),
    ("3000038", "Wanda", "", "Petrova", "1986-05-16", "MW123438B", ["wanda@mail.example"],
     {"status": "deactivated"}),
    ("3000039", "Wanda", "", "Petrova", "1986-05-16", "MW123438B", ["wanda@mail.example"], {}),
    # Merged: into the next; by way of another; into one that is deactivated.
    ("3000040", "Xanthe", "", "Dimitriou", "1990-10-20", "MW123440C", ["xanthe@mail.example"],
     {"status": "merged", "into": "3000041"}),
    ("3000041", "Xanthe", "", "Dimitriou", "1990-10-20", "MW123440C", ["xanthe.d@mail.example"], {}),
    ("3000042", "Yusuf", "", "Demir", "1975-09-27", "", [], {"status": "merged", "into": "3000043"}),
    ("3000043", "Yusuf", "", "Demir", "1975-09-27", "", [], {"status": "merged", "into": "3000044"}),
    ("3000044", "Yusuf", "", "Demir", "1975-09-27", "MW123444D", ["yusuf.demir@mail.example"], {}),
    ("3000045", "Zachary", "", "Quill", "1970-02-20", "MW123445A", [], {"status": "merged", "into": "3000046"}),
    ("3000046", "Zachary", "", "Quill", "1970-02-20", "MW123445A", [], {"status": "deactivated"}),
    # TRNs that begin with zeros.
    ("0000047", "Agnes", "", "Threlfall", "1941-12-24", "MW123447B", [], {}),
    ("0123448", "Bernard", "", "Utley", "1949-03-31", "", ["bernard.utley@mail.example"], {}),
    # Parent and child of one name, with one address.
    ("3000049", "Callum", "", "Frobisher", "1964-06-30", "MW123449C", ["frobisher@mail.example"], {}),
    ("3000050", "Callum", "", "Frobisher", "1995-01-13", "MW123450D", ["frobisher@mail.example"], {}),
    # The day and the month could be taken for one another.
    ("3000051", "Delyth", "", "Penry", "1984-04-05", "MW123451A", ["delyth.penry@mail.example"], {}),
    # An address in capitals, and one that is no address.
    ("3000052", "Emeka", "", "Adeyemi", "1992-07-22", "MW123452B", ["EMEKA.ADEYEMI@MAIL.EXAMPLE"], {}),
    ("3000053", "Freya", "", "Lindqvist", "1988-10-03", "MW123453C", ["not known"], {}),
    # A name in another script.
    ("3000054", "Γεωργία", "", "Παπαδοπούλου", "1979-05-29", "MW123454D", ["georgia@mail.example"], {}),
]

FIRST_NAMES = """
Aaliyah Aaron Abena Abigail Adam Adebayo Agnieszka Ahmed Aisha Alan Alejandro Alice Amara Amelia Amir
Amy Anastasia Andrew Angharad Anita Anna Anthony Aoife Arjun Arthur Asha Astrid Barbara Beatrice Bethan
Bilal Bogdan Bronwen Bruno Caitlin Cameron Carys Catherine Charles Charlotte Chloe Christopher Ciara Claire
Colin Conor Craig Dafydd Daniel David Deborah Deepak Dominic Dorota Eilidh Elena Elin Ella Emily Emma Eoin
Esther Ethan Eva Ewan Farah Felix Fergus Fiona Florence Frances Frank Gabriel Gemma George Georgina Gethin
Giulia Grace Graham Gurpreet Hamza Hannah Harpreet Harry Hassan Heather Helen Henry Holly Hugh Ian Imran Ines
Ioan Isaac Isla Ivan Jack Jacob James Jamila Jane Jasmine Javier Jean Jennifer Jessica Joao John Joseph Joshua
Judith Julia Karen Kate Kavita Keith Kelly Kenneth Kieran Kiran Kofi Kwame Laila Laura Lauren Leah Lewis Liam
Linda Lowri Lucas Lucy Luke Magdalena Malik Manpreet Margaret Maria Mark Marta Martin Matthew Megan Mei Mia
Michael Mina Miriam Mona Nadia Naomi Natalie Nathan Neil Nia Nicholas Nikhil Nina Noah Olga Olivia Omar Oscar
Owen Pablo Patricia Patrick Paul Pauline Peter Philip Phoebe Pierre Piotr Poppy Priya Rachel Raj Ravi Rebecca
Rhiannon Rhys Richard Rita Robert Robin Rohan Rosa Ruth Ryan Safiya Sally Samuel Sandra Sanjay Sara Siân Simon
Sinead Sofia Sophie Stephen Stuart Sunita Susan Tamara Temi Teresa Thomas Timothy Tomasz Uzma Valerie Vikram
Vincent Wendy William Xin Yasmin Yetunde Yuki Zainab Zara
""".split()

LAST_NAMES = """
Abbott Abdullah Acheampong Adams Addison Agarwal Ahmadi Ainsworth Akhtar Alderton Ali Allsop Anand Appleby
Archer Armitage Arnold Asante Aspinall Atherton Atkins Bagshaw Bailey Balogun Banerjee Barlow Barraclough Begum
Bennett Beresford Bhatt Bianchi Birch Blackwood Boateng Booth Bowman Bradshaw Braithwaite Briggs Brookes Burgess
Butterworth Cadwallader Carmichael Carrington Castell Chambers Chandra Chatterjee Chaudhry Cheung Chowdhury
Clements Cochrane Colville Cooper Costa Cragg Crawford Cunningham Dalgleish Danso Davenport Davies Deakin Desai
Devlin Dhillon Dixon Doherty Dossett Drummond Duarte Duckworth Eastwood Edwards Ekwueme Ellison Entwistle Evans
Eze Farrow Fenwick Fernandes Finch Fitzgerald Fletcher Forsyth Fraser Gallagher Garcia Ghosh Gilchrist Gill
Goddard Grabowski Greenhalgh Griffiths Grimshaw Gupta Haddad Halliwell Hameed Hargreaves Harrop Heaton Henshaw
Hodgkinson Horvat Hughes Hussain Inglis Ivanov Jackson James Jarvis Jefferson Johal Kaminski Kapoor Kaur Kavanagh
Kendrick Kershaw Khalid Khan Kirkbride Kowalski Kumar Lamptey Langton Lawson Lennox Leung Lewandowski Lindley
Livesey Lloyd Lomax Lopez MacAllister MacDonald Malik Mallory Marchetti Marsden Mensah Mercer Metcalfe Miah
Middleton Mistry Mitchell Moran Morgan Moss Murphy Musa Nair Nash Naylor Newbold Nicholls Nkemelu Norcross
Nowak Nuttall Odonkor Ogden Ogunleye Okafor Oldroyd Osborne Osei Owusu Palmer Parekh Parkinson Patel Pearce
Pickles Pilkington Plumb Popescu Powell Prescott Pugh Quarmby Quinn Rafiq Ramsden Rao Redfern Rees Reid Ribeiro
Rigby Roberts Rodrigues Rossi Rowbotham Rutherford Saleh Sandhu Santos Schofield Sethi Shah Sharma Sharrock
Siddiqui Silva Singh Skelton Slater Sousa Stanworth Sutcliffe Swain Tattersall Taylor Thompson Thwaite Tiwari
Tomlinson Townend Trelawney Turnbull Uddin Underhill Unsworth Varga Vaughan Verma Wadsworth Walmsley Warburton
Watkins Whalley Whittaker Wilkins Williams Winstanley Wójcik Wong Wood Woźniak Wrigley Yates Yeung Younis Zaman
""".split()

DRAWN = 500


def number(draw):
    pair = draw.choice(["CR", "MW", "NC", "PP"])
    return f"{pair}{draw.randrange(200000, 1000000):06}{draw.choice('ABCD')}"


def date(draw):
    return f"{draw.randrange(1950, 2004)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"


def last_name(draw):
    name = draw.choice(LAST_NAMES)
    chance = draw.random()
    if chance < 0.08:
        return f"{name}-{draw.choice(LAST_NAMES)}"
    if chance < 0.12:
        return "O'" + draw.choice(["Brien", "Connor", "Donnell", "Hara", "Keefe", "Leary", "Reilly", "Sullivan"])
    return name


def drawn(draw, trn):
    first, last = draw.choice(FIRST_NAMES), last_name(draw)
    address = f"{first}.{last}.{trn}@mail.example".lower().replace("'", "")
    record = {
        "trn": trn,
        "status": "deactivated" if draw.random() < 0.03 else "active",
        "first_name": first,
        "middle_name": draw.choice(FIRST_NAMES) if draw.random() < 0.45 else "",
        "last_name": last,
        "date_of_birth": date(draw),
        "national_insurance_number": "" if draw.random() < 0.12 else number(draw),
        "email_addresses": ascii_only(address) if draw.random() < 0.7 else "",
    }
    if draw.random() < 0.2:
        record["previous_names"] = f"{first}|{record['middle_name']}|{last_name(draw)}"
    return record


def ascii_only(address):
    return address.translate(str.maketrans("âáéíóúüłńśźżćç", "aaeiouulnszzcc"))


def merged(draw, record, trn):
    """An earlier record of somebody, under the name they had then."""
    earlier = dict(record, trn=trn, status="merged", merged_into=record["trn"], previous_names="")
    earlier["last_name"] = last_name(draw)
    return earlier


def by_hand(trn, first, middle, last, born, number, addresses, more):
    previous = [name.split("|") for name in more.get("previous", [])]
    return {
        "trn": trn,
        "status": more.get("status", "active"),
        "merged_into": more.get("into", ""),
        "first_name": first,
        "middle_name": middle,
        "last_name": last,
        "previous_names": ";".join(f"{first}||{last}" for first, last in previous),
        "date_of_birth": born,
        "national_insurance_number": number,
        "email_addresses": ";".join(addresses),
    }


def records():
    draw = random.Random(1985)
    people = [by_hand(*person) for person in BY_HAND]
    trns = (f"31{value:05}" for value in draw.sample(range(100000), DRAWN + 30))
    others = [drawn(draw, next(trns)) for _ in range(DRAWN)]
    active = [record for record in others if record["status"] == "active"]
    earlier = [merged(draw, record, next(trns)) for record in draw.sample(active, 20)]
    return people + sorted(others + earlier, key=lambda record: record["trn"])


writer = csv.DictWriter(sys.stdout, COLUMNS, restval="", lineterminator="\n")
writer.writeheader()
writer.writerows(records())
