/**
 * Surroundings put down last and used once, for the figures of record: nothing was changed in a detector
 * after they were first run. `{}` is the place of the value, `NAME` that of a setting's name.
 */
import type { Surroundings } from "../../packages/data/src/privacy/testing/carriers.ts";

export const UNSEEN_SURROUNDINGS: Surroundings = {
  secrets: [
    { template: "ARG NAME={}\nRUN make\n" },
    { template: "<NAME>{}</NAME>\n" },
    { template: "const NAME: string = '{}';\n", escaped: 1 },
    { template: "fly secrets set NAME={}\n" },
    { template: 'setx NAME "{}"\r\n', escaped: 1 },
    { template: 'params = dict(NAME="{}", verbose=True)\n', escaped: 1 },
    { template: ':NAME => "{}",\n', escaped: 1 },
    { template: "{NAME: '{}', host: 'db'}\n", escaped: 1 },
    { template: "DEBUG request options: NAME={} timeout=5\n" },
    { template: "NAME;{};prod\n" },
    { template: "Jeg har sat NAME til {} men det virker ikke." },
    { template: "J'ai remplacé la valeur de NAME par {} hier." },
    { template: "NAME 값을 {} 로 바꿨어요" },
    { template: "can you rotate NAME ({}) for me" },
    { template: '{"input":"{\\"config\\":{\\"NAME\\":\\"{}\\"}}"}', escaped: 2 },
  ],
  requests: [
    { template: "req.headers['authorization'] = 'Bearer {}'\n" },
    { template: '-H "Authorization: Bearer {}" \\\n' },
    { template: "GET /v1/me?api_key={} HTTP/1.1\n" },
  ],
  passwords: [
    { template: "her password is '{}', mine is longer" },
    { template: "Anmeldung mit Passwort {} schlägt fehl" },
    { template: "le mot de passe temporaire est {}\n" },
    { template: "usuario: ana\ncontraseña: {}\n" },
    { template: "redis-cli -a {} ping # password\n" },
    { template: "PGPASSWORD={} psql -h db -U app\n" },
    { template: "新しいパスワードは「{}」です" },
    { template: "curl -u admin:{} https://acme.io/\n" },
  ],
  personal: {
    email: [
      { template: "Napisz do {} proszę." },
      { template: "sent-to={} ok\n" },
      { template: "'{}' already registered\n" },
      { template: 'owner = "{}"\n' },
      { template: "联系人：{}。" },
    ],
    phone: [
      { template: "Zadzwoń {} wieczorem." },
      { template: "sms_to={}\n" },
      { template: '"mobile": "{}"' },
      { template: "Anna, {}, Graz" },
      { template: "携帯は{}です" },
    ],
    "credit-card": [
      { template: "card={};cvv=123\n" },
      { template: "mi tarjeta {} fue rechazada" },
      { template: "paid with {} on 3 May" },
      { template: '"cardNumber": "{}"' },
      { template: "- {} (Anna)\n" },
    ],
    iban: [
      { template: "przelew na {} dzisiaj" },
      { template: "iban={}\n" },
      { template: '"debtor": "{}"' },
      { template: "refund to {}, please" },
      { template: "- {} (Anna)\n" },
    ],
    "ip-address": [
      { template: "banned: {}\n" },
      { template: "Connection from {} closed\n" },
      { template: '"ip": "{}"' },
      { template: "mon serveur est {} et il ne répond pas" },
      { template: "server {} weight=5;\n" },
      { template: "2026-03-02 10:14 {} GET /index.html\n" },
    ],
  },
  nationalIds: {
    "us-ssn": [{ template: "ssn={}\n" }, { template: "Applicant {} approved" }, { template: '"ssn": "{}"' }],
    "de-steuer-id": [
      { template: "steuerid={}\n" },
      { template: "Die Steuer-ID: {}." },
      { template: '"tax_number": "{}"' },
    ],
    "fr-nir": [{ template: "nir={}\n" }, { template: "numéro {} (sécu)" }, { template: '"nir": "{}"' }],
    "nl-bsn": [
      { template: "bsn: {}\n" },
      { template: "Zijn BSN ({}) ontbreekt" },
      { template: '"BSN": "{}"' },
    ],
    "it-codice-fiscale": [
      { template: "cf: {}\n" },
      { template: "intestatario {} a Roma" },
      { template: '"codiceFiscale": "{}"' },
    ],
    "es-dni": [{ template: "dni={}\n" }, { template: "su DNI ({}) no vale" }, { template: '"DNI": "{}"' }],
    "br-cpf": [{ template: "cpf: {}\n" }, { template: "comprador {} em SP" }, { template: '"CPF": "{}"' }],
    "pl-pesel": [
      { template: "pesel: {}\n" },
      { template: "jego PESEL ({}) jest zły" },
      { template: '"PESEL": "{}"' },
    ],
  },
};
