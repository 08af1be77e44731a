"""Reads exports as tools for life-cycle assessment do, and writes what they make of them to FOLDER/read.json.

Usage: read-exports.py FOLDER RECORD_ID...
FOLDER/RECORD_ID holds package.zip (openLCA JSON-LD) and brightway.csv; Brightway's own data goes into FOLDER, too.
"""

import json
import os
import sys
import zipfile

FOLDER, *RECORD_IDS = sys.argv[1:]
os.environ["BRIGHTWAY2_DIR"] = os.path.join(FOLDER, "brightway")
os.makedirs(os.environ["BRIGHTWAY2_DIR"], exist_ok=True)

import bw2calc
import bw2data
import bw2io
import olca_schema
import olca_schema.zipio
from bw2io.importers.json_ld import JSONLDImporter


def read_with_olca_schema(folder, record_id):
    """What a product system of default providers causes, computed from typed entities alone."""
    with olca_schema.zipio.ZipReader(os.path.join(folder, "package.zip")) as package:
        groups = {u.id: u for g in package.read_each(olca_schema.UnitGroup) for u in g.units}

        def emitted(process, scale):
            total = 0.0
            for exchange in process.exchanges:
                if exchange.is_quantitative_reference:
                    continue
                if exchange.default_provider is not None:
                    supplier = package.read_process(exchange.default_provider.id)
                    made = next(e for e in supplier.exchanges if e.is_quantitative_reference)
                    factor = groups[exchange.unit.id].conversion_factor / groups[made.unit.id].conversion_factor
                    total += emitted(supplier, scale * exchange.amount * factor / made.amount)
                elif exchange.flow.flow_type == olca_schema.FlowType.ELEMENTARY_FLOW:
                    total += scale * exchange.amount * (-1 if exchange.is_input else 1)
            return total

        process = package.read_process(record_id)
        kwh = [e for e in process.exchanges if e.unit.name == "kWh"]
        counts = {
            kind.__name__: len(package.ids_of(kind))
            for kind in (olca_schema.Process, olca_schema.Flow, olca_schema.Location, olca_schema.DQSystem)
        }
        return {
            "kwh": sum(e.amount for e in kwh),
            "kg": emitted(process, 1.0),
            "spread": [[e.uncertainty.geom_mean, e.uncertainty.geom_sd] for e in kwh if e.uncertainty is not None],
            "dqEntry": [e.dq_entry for e in kwh],
            "version": process.version,
            "isPartialTold": "PARTIAL" in process.description,
            "counts": counts,
        }


def co2_of(activity):
    lca = bw2calc.LCA({activity.id: 1})
    lca.lci()
    total = 0.0
    for flow_id, row in lca.dicts.biosphere.items():
        name = bw2data.get_node(id=flow_id)["name"]
        total += lca.inventory[row, :].sum() * (-1 if name.endswith("in air") else 1)
    return float(total)


def read_json_ld(folder, record_id):
    """What Brightway computes from the JSON-LD, in its own matrices."""
    database = f"openlca {record_id}"
    importer = JSONLDImporter(os.path.join(folder, "package"), database)
    importer.apply_strategies(no_warning=True)
    importer.merge_biosphere_flows()
    unlinked = len(list(importer.unlinked))
    importer.write_database()
    process = next(p for p in importer.data if p["code"] == record_id)
    product = next(e for e in process["exchanges"] if e["type"] == "production")
    energy = [e for e in process["exchanges"] if e["unit"] == "megajoule"]
    return {
        "unlinked": unlinked,
        "kwh": sum(e["amount"] for e in energy) / 3.6,
        "kg": co2_of(bw2data.get_node(database=database, code=product["input"][1])),
        "location": process["location"],
        "spread": [e.get("uncertainty type") for e in energy],
    }


def read_csv(folder, record_id):
    """What Brightway computes from the CSV."""
    importer = bw2io.CSVImporter(os.path.join(folder, "brightway.csv"))
    importer.apply_strategies()
    unlinked = len(list(importer.unlinked))
    importer.write_database(activate_parameters=False)
    process = next(p for p in importer.data if p["code"] == record_id)
    energy = [e for e in process["exchanges"] if e["unit"] == "kilowatt hour"]
    return {
        "unlinked": unlinked,
        "kwh": sum(e["amount"] for e in energy),
        "kg": co2_of(bw2data.get_node(database=importer.db_name, code=record_id)),
        "spread": [[e["uncertainty type"], e["loc"], e["scale"]] for e in energy if "loc" in e],
    }


def write_biosphere():
    """The biosphere database that every installation has; these two flows of it are what our exports use."""
    flow = {"name": "Carbon dioxide, fossil", "categories": ("air",), "unit": "kilogram", "type": "emission"}
    resource = {
        "name": "Carbon dioxide, in air",
        "categories": ("natural resource", "in air"),
        "unit": "kilogram",
        "type": "natural resource",
    }
    bw2data.Database("biosphere3").write({("biosphere3", "fossil"): flow, ("biosphere3", "uptake"): resource})


found = {}
bw2data.projects.set_current("millwatt")
write_biosphere()
for record_id in RECORD_IDS:
    folder = os.path.join(FOLDER, record_id)
    with zipfile.ZipFile(os.path.join(folder, "package.zip")) as package:
        package.extractall(os.path.join(folder, "package"))
    found[record_id] = {
        "olcaSchema": read_with_olca_schema(folder, record_id),
        "jsonLd": read_json_ld(folder, record_id),
        "csv": read_csv(folder, record_id),
    }
with open(os.path.join(FOLDER, "read.json"), "w", encoding="utf-8") as file:
    json.dump(found, file)
