/**
 * Surroundings put down after the second round of mending. At first sight they missed one in eleven
 * credentials, and cards with an amount right behind them.
 */
import type { Surroundings } from "../../packages/data/src/privacy/testing/carriers.ts";

export const FOURTH_SURROUNDINGS: Surroundings = {
  secrets: [
    { template: "provider:\n  environment:\n    NAME: '{}'\n", escaped: 1 },
    { template: "podman run --env NAME={} --rm acme/api:7\n" },
    { template: "Set-Item Env:NAME '{}'\r\n", escaped: 1 },
    { template: '(setenv "NAME" "{}")\n', escaped: 1 },
    { template: 'val NAME = "{}" // rotate in May\n', escaped: 1 },
    { template: "NAME ?= {}\nall: build\n" },
    { template: "environ({'NAME': '{}'})\n", escaped: 1 },
    { template: "- NAME: {}\n- MODE: fast\n" },
    { template: 'WARN retrying with NAME "{}" after 2 s\n', escaped: 1 },
    { template: '{"settings":{"NAME":{"type":"string","value":"{}"}}}', escaped: 1 },
    { template: "Zdravím, NAME je {} a pořád to nejde." },
    { template: "Moikka, laitoin NAME={} mutta ei toimi." },
    { template: "สวัสดี ตั้งค่า NAME={} แล้วยังไม่ได้" },
    { template: "我把NAME改成了{}，还是不行" },
    { template: "is NAME={} the right format?" },
    { template: "<env name=\"NAME\" value='{}'/>\n" },
  ],
  requests: [
    { template: "curl -H 'x-api-key: {}' https://api.acme.io/v1\n" },
    { template: "axios.defaults.headers.common['Authorization'] = 'Bearer {}';\n" },
    { template: "ws://stream.acme.io/live?token={}\n" },
  ],
  passwords: [
    { template: "username=anna&password={}&remember=1" },
    { template: "hi, the password: {} does not work" },
    { template: "Passwort für den Server: {}\n" },
    { template: "mot de passe : {}\n" },
    { template: "contraseña: {}\n" },
    { template: "密码：{}\n" },
    { template: "IDENTIFIED BY '{}' -- password of app\n" },
    { template: '[client]\nuser=root\npassword="{}"\n' },
  ],
  personal: {
    email: [
      { template: "Pište na {} prosím." },
      { template: "<td>{}</td>" },
      { template: "git log --author={}\n" },
      { template: 'recipient: "{}"\n' },
      { template: "(anna: {})" },
      { template: "邮件发到{}就行" },
      { template: "- {} (owner)\n" },
    ],
    phone: [
      { template: "Volejte {} kdykoli." },
      { template: "<td>{}</td>" },
      { template: "to = {}\n" },
      { template: "Phone: {}\nFax: none\n" },
      { template: "手机号是{}" },
      { template: "ring {} or mail me" },
    ],
    "credit-card": [
      { template: "<td>{}</td>" },
      { template: "karta {} nefunguje" },
      { template: "charge {} 12.50 EUR\n" },
      { template: '"pan":"{}"' },
      { template: "卡号{}" },
      { template: "is {} still valid?" },
    ],
    iban: [
      { template: "<td>{}</td>" },
      { template: "účet {} u banky" },
      { template: "to: {}\namount: 320\n" },
      { template: "bitte von {} abbuchen" },
      { template: '"accountNumber":"{}"' },
    ],
    "ip-address": [
      { template: "<td>{}</td>" },
      { template: "ssh root@{}\n" },
      { template: "WARN 3 failed logins ({})\n" },
      { template: "moje IP je {} a nejde to" },
      { template: 'upstream: "{}"\n' },
      { template: "{} joined the channel\n" },
      { template: "traceroute to {}, 30 hops max\n" },
    ],
  },
  nationalIds: {
    "us-ssn": [
      { template: "<td>{}</td>" },
      { template: "social security: {}" },
      { template: "Lee, Ann ({})" },
    ],
    "de-steuer-id": [
      { template: "Steuer-ID {} bitte prüfen" },
      { template: '"taxId":"{}"' },
      { template: "Identifikationsnummer: {}" },
    ],
    "fr-nir": [{ template: "<td>{}</td>" }, { template: "sécu : {}" }, { template: "assurée {} depuis mai" }],
    "nl-bsn": [{ template: "BSN is {}" }, { template: '"bsn":"{}"' }, { template: "BSN: {} (Jan)" }],
    "it-codice-fiscale": [
      { template: "<td>{}</td>" },
      { template: "codice {} di Rossi" },
      { template: "C.F.: {}" },
    ],
    "es-dni": [{ template: "el DNI {} caduca" }, { template: "DNI/NIF: {}" }, { template: '"nie":"{}"' }],
    "br-cpf": [{ template: "<td>{}</td>" }, { template: "cliente {} pagou" }, { template: '"cpf":"{}"' }],
    "pl-pesel": [{ template: "PESEL pacjenta: {}" }, { template: '"pesel":"{}"' }, { template: "pesel {}" }],
  },
};
