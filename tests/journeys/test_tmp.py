from concurrent.futures import ThreadPoolExecutor
from tests.journeys.test_path import place, MARISOL, PASSWORD
from tests.journeys.test_path import _signed_in_by_hand,_export_begun
def test_tmp(place, service):
    hospital, shelter = place.hospital, place.shelter
    w2 = place.world.client(hospital.worker, MARISOL)
    place.world.entry(hospital.worker, w2)
    rel = place.world.release(hospital.worker, w2, shelter)
    client = place.world.accept(shelter.worker)
    door = _signed_in_by_hand(service, shelter.worker.email)
    def one(i):
        return _export_begun(door, client).read().splitlines()[-1][:40]
    bad = []
    for n in (1, 4):
        with ThreadPoolExecutor(n) as pool:
            got = list(pool.map(one, range(60)))
        bad.append([g for g in got if b'"end"' not in g])
    print(bad, service.said)
    assert 0
